"""`make check`: the migrations build what the models say, can be undone, and have one head, which
has the highest number.
"""

import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Up, compare, down, up again on a scratch server; 1 where models and migrations differ."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-migrations-") as scratch:
        os.environ |= {
            "ENVIRONMENT": "test",
            "INSTANCE_DIR": scratch,
            "SECRET_KEY": "x" * 32,
            "DATA_KEY": "x" * 32,
        }
        os.environ.pop("DATABASE_URL", None)
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        from portal.readiness import newest_revision

        config = Config(str(Path(__file__).resolve().parents[2] / "alembic.ini"))
        try:
            head, newest = ScriptDirectory.from_config(config).get_current_head(), newest_revision()
            if head != newest:
                # By the number a portal knows whether its database is ready.
                raise CommandError(f"the head is {head}, the highest number {newest}")
            command.upgrade(config, "head")
            command.check(config)
            command.downgrade(config, "base")
            command.upgrade(config, "head")
        except CommandError as error:
            print(f"Migrations: {error}", file=sys.stderr)
            return 1
    print("Migrations: they build what the models say, and can be undone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
