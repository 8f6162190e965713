"""`python -m bench.run [name…]`: run the named measurements, or all of them.

A measurement is a module here with `main() -> float`: its ratio to the floor it measures against.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import bench


def measurements() -> dict[str, Callable[[], float]]:
    """The modules of this package that measure, by name."""
    names = [info.name for info in iter_modules(bench.__path__) if info.name != "run"]
    modules = {name: import_module(f"bench.{name}") for name in names}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(names: list[str]) -> int:
    """Measure, each with its ratio as the last line; 2 for a name that is none."""
    known = measurements()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    for name in names or known:
        print(f"== {name}", flush=True)
        print(f"ratio: {known[name]():.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
