"""The independent peers of the contract tests. `python -m tests.peers` installs them as locked."""

import sys
from pathlib import Path

from portal.assets import AssetError, fetch

PEERS = Path(__file__).parent / "contracts" / "peers"


def main() -> int:
    """Install the peers; 1 with a sentence where that fails."""
    try:
        fetch(PEERS)
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
