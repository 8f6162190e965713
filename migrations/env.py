"""Runs the migrations on the portal's database, or on the connection a caller hands in."""

from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from alembic import context
from sqlalchemy import Connection

import core.models  # noqa: F401  its tables belong to the metadata
from core.database import Encrypted, make_engine, metadata
from core.settings import settings
from portal import embedded
from portal.factory import ROOM_NAMES

for room in ROOM_NAMES:
    if find_spec(f"{room}.models"):
        import_module(f"{room}.models")


# `alembic -x room=auth revision --autogenerate` compares the tables of one room only.
ROOM = context.get_x_argument(as_dictionary=True).get("room", "")


def include_name(name: str | None, kind: str, parents: object) -> bool:
    """Leave the job queue's own tables alone: its library versions them; and the partitions of
    the audit: a job makes them.
    """
    if kind != "table":
        return True
    alone = (name or "").startswith(("procrastinate_", "core_audit_event_"))
    return not alone and (name or "").startswith(ROOM)


def include_object(item: object, name: str | None, kind: str, *rest: object) -> bool:
    """The same for tables of the models."""
    return include_name(name, kind, None)


def render_item(kind: str, item: object, autogen_context: object) -> str | Literal[False]:
    """An encrypted column is bytes to the database."""
    return "sa.LargeBinary()" if kind == "type" and isinstance(item, Encrypted) else False


def run(connection: Connection) -> None:
    """Upgrade or compare on this connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=include_name,
        include_object=include_object,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_in: Connection | None = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    url = settings().database_url or embedded.start(settings().instance_dir)
    with make_engine(url, 1).connect() as own:
        run(own)
        own.commit()
