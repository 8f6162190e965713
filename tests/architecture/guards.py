"""Guards over the whole tree: each route has an access rule, what writes or is dear has a limit,
what a cookie may write asks for its token, each string has a translation and each translation
its string, each paged list its search, each action and policy its words.

`make check` runs them; the tests beside plant a fault for each and see it found.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import cedarpy
from babel.messages.pofile import read_po
from flask import Flask
from werkzeug.routing import Rule

from core.permissions import Words
from core.web.access import Anyone, rule_of
from core.web.limits import Limit, body_of, limit_of, limit_on
from core.web.rooms import Room
from portal.factory import ROOM_NAMES, ROOT

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ROOMS = ("core", *ROOM_NAMES)
CALLS = re.compile(r"\brequests\.(?:get|post|request|Session)\b|\bsession_to\(")
READING = {"GET", "HEAD", "OPTIONS"}
# Calls whose string arguments are catalogue keys.
MARKERS = {"N_", "_", "gettext", "ngettext"}
# Who shows no code, token, signature or credential leaves nothing behind there but counted tries.
WRITE_NOTHING_UNPROVED = {
    "oidc.token", "oidc.introspection", "oidc.revocation", "oidc.userinfo", "auth.confirm_code",
    "auth.password", "auth.passkey", "second_factor.confirm", "set_up.confirm_totp",
    "set_up.add_passkey", "objection.object_to", "auth_api.token_by_code",
    "auth_api.token_by_password", "auth_api.token_by_second_factor", "recovery_api.object_to",
    "auth_wechat_api.sign_in", "auth_wechat_api.bind_by_phone", "auth_wechat_api.bind_by_code",
    "payments_webhooks.stripe_event", "appointments_exchange_api.import_schedule",
    "appointments_exchange_api.lock", "appointments_exchange_api.confirm",
    "appointments_exchange_api.give_back", "appointments_exchange_api.answer",
}  # fmt: skip
# Files drawn up, and searches among people.
DEAR = re.compile(r"\.pdf|\bcsv\b|/(find|analysis|audit/events)\b(?!/<uuid)|/admin/accounts/$")
# Lists that are paged and have no search, and why.
UNSEARCHED = {
    "appointments/templates/appointments/schedule/exceptions.html": "few days, in their order",
    "auth/templates/auth/admin/parts.html": "the history of one thing",
    "family_doctor/templates/family_doctor/refills/requests.html": "of one; names are encrypted",
    "family_doctor/templates/family_doctor/rules/one.html": "the history of one thing",
    "family_doctor/templates/family_doctor/ways/rules.html": "the history of one thing",
}
# A paged list's page, by the name that it gives the macro; and how a page offers its search.
PAGED = re.compile(r'{% from "ui/data.html" import [^%]*\bpager(?: as (?P<name>\w+))?[^%]*%}')
SEARCHED = re.compile(r'\b(?:search_box|search)\(|icon\("search"')
# Data, not interface: these modules hold the region's or a vendor's own texts.
STANDINS = "standins"  # other parties' pages: they speak in their own way
DATA_MODULES = {"regions", "notifications/sms.py", "portal/serve.py", "portal/neighbours.py"}


def routes_without_rule(app: Flask) -> list[str]:
    """Endpoints that do not say who may call them."""
    return [
        f"{rule.endpoint}: no access rule (open_to) on {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule_of(app, rule.endpoint) is None
    ]


def writes_without_limit(app: Flask) -> list[str]:
    """Endpoints through which a stranger writes as often as they like. A limit on refusals alone
    is one only where nothing is written for who shows nothing.
    """
    return [
        f"{rule.endpoint}: open to anyone without a limit (limited) on {rule.rule}"
        for rule, limit in stranger_writes(app)
        if limit is None or (limit.failures and rule.endpoint not in WRITE_NOTHING_UNPROVED)
    ]


def writes_without_size(app: Flask) -> list[str]:
    """Endpoints to which a stranger sends as much as the whole portal takes."""
    return [
        f"{rule.endpoint}: open to anyone without a size (body_at_most) on {rule.rule}"
        for rule, _ in stranger_writes(app)
        if body_of(app, rule.endpoint) is None
    ]


def unlimited(app: Flask) -> list[str]:
    """Endpoints that who is signed in calls as often as they like: what writes (a limit on refusals
    alone lets everything else pass), and what is dear to answer.
    """
    faults = []
    for rule in app.url_map.iter_rules():
        limit = limit_on(app, rule.endpoint, next(iter((rule.methods or set()) - READING), "GET"))
        strangers = isinstance(rule_of(app, rule.endpoint), Anyone)
        asked = (rule.methods or set()) - READING or DEAR.search(rule.rule)
        if asked and not strangers and (limit is None or limit.failures):
            faults.append(f"{rule.endpoint}: nothing limits its calls (costly) on {rule.rule}")
    return faults


def sessions_ended_past_their_service(root: Path) -> list[str]:
    """Modules of auth that end sessions by themselves: nobody would be told."""
    return [
        f"{file.relative_to(root)}: ends sessions by itself; call end_sessions"
        for file in sorted((root / "auth").rglob("*.py"))
        if file.name != "logout.py" and _ends_sessions(file.read_text(encoding="utf-8"))
    ]


def _ends_sessions(source: str) -> bool:
    """Whether something is updated with ``ended_at``: sessions, or one of several with them."""
    tree = ast.parse(source)
    several: set[str] = set()
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For)):
        if "SignInSession" in _names(loop.iter):
            several |= _names(loop.target)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        ends = _name(call.func) == "values" and any(k.arg == "ended_at" for k in call.keywords)
        inner = {
            name
            for node in ast.walk(call.func)
            if isinstance(node, ast.Call) and _name(node.func) == "update" and node.args
            for name in _names(node.args[0])
        }
        if ends and inner & {"SignInSession", *several}:
            return True
    return False


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def stranger_writes(app: Flask) -> Iterator[tuple[Rule, Limit | None]]:
    """The routes through which a stranger may write, with their limits."""
    for rule in app.url_map.iter_rules():
        if (rule.methods or set()) - READING and isinstance(rule_of(app, rule.endpoint), Anyone):
            yield rule, limit_of(app, rule.endpoint)


def pages_without_csrf(app: Flask) -> list[str]:
    """Pages whose forms another site could send with the person's cookie."""
    csrf = app.extensions["csrf"]
    exempt = {*csrf._exempt_blueprints}
    pages = {blueprint.name for room in app.extensions["rooms"] for blueprint in room.pages}
    return [f"{name}: pages that are exempt from CSRF" for name in sorted(pages & exempt)] + [
        f"{view}: a view that is exempt from CSRF" for view in sorted(csrf._exempt_views)
    ]


def untranslated(root: Path) -> list[str]:
    """Chinese that does not go through the catalogue, and keys without English."""
    found, keys = _texts(root)
    missing = sorted(key for key in keys - english(root).keys() if CHINESE.search(key))
    return [*found, *(f"no English for: {key}" for key in missing)]


def stale(root: Path) -> list[str]:
    """Keys of a catalogue that stand nowhere in the code any more."""
    _, keys = _texts(root)
    known = keys | {text for module in (*DATA_MODULES, STANDINS) for text in _strings(root, module)}
    return [
        f"{file.relative_to(root)}: nobody says any more: {key}"
        for key, file in sorted(english(root, (*ROOMS, STANDINS)).items())
        if key not in known
    ]


@cache
def _texts(root: Path) -> tuple[list[str], set[str]]:
    """What stands in the rooms' templates and modules untranslatable, and the marked keys."""
    found: list[str] = []
    keys: set[str] = set()
    for room in ROOMS:
        for file in sorted((root / room).rglob("templates/**/*.html")):
            bare, marked = read_template(file.read_text(encoding="utf-8"))
            found += [f"{file.relative_to(root)}: not translatable: {text}" for text in bare]
            keys |= marked
        for file in sorted((root / room).rglob("*.py")):
            if not _is_data(file.relative_to(root)):
                bare, marked = read_module(file.read_text(encoding="utf-8"))
                found += [f"{file.relative_to(root)}: not translatable: {text}" for text in bare]
                keys |= marked
    return found, keys


def _strings(root: Path, module: str) -> Iterator[str]:
    """All strings of a module or package, and what its templates mark."""
    place = root / module
    for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for file in sorted(place.rglob("templates/**/*.html")):
        yield from read_template(file.read_text(encoding="utf-8"))[1]


def read_template(source: str) -> tuple[list[str], set[str]]:
    """(lines with bare Chinese, keys marked by _() or ngettext) of a Jinja template."""
    source = re.sub(r"{#.*?#}", "", source, flags=re.S)
    marked = re.compile(r"""\b(?:_|gettext|ngettext)\(\s*((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
                        r"""(?:\s*,\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))?)""")  # fmt: skip
    keys: set[str] = set()
    for match in marked.finditer(source):
        first, *second = re.findall(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", match.group(1))
        keys.add(ast.literal_eval(first))
        del second  # the plural belongs to the same key
    rest = marked.sub("", source)
    # A language is named in itself on the switch.
    lines = [line.strip() for line in rest.splitlines() if 'hreflang="zh-CN"' not in line]
    bare = [line for line in lines if CHINESE.search(line)]
    return bare, keys


def read_module(source: str) -> tuple[list[str], set[str]]:
    """(bare Chinese strings, marked keys) of a Python module; docstrings do not count."""
    tree = ast.parse(source)
    marked = {
        id(argument): argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _name(call.func) in MARKERS
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    docstrings = set(_docstrings(tree))
    bare = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CHINESE.search(node.value)
        and id(node) not in marked
        and id(node) not in docstrings
        and not _is_format(node.value)
    ]
    return bare, set(marked.values())


def english(root: Path, packages: Iterable[str] = ROOMS) -> dict[str, Path]:
    """The keys that have an English text in the catalogue of some package, and that catalogue."""
    keys: dict[str, Path] = {}
    for room in packages:
        file = root / room / "translations/en/LC_MESSAGES/messages.po"
        if file.exists():
            with file.open("rb") as handle:
                for message in read_po(handle):
                    if message.id and message.string and "fuzzy" not in message.flags:
                        key = message.id if isinstance(message.id, str) else message.id[0]
                        keys[key] = file
    return keys


def lists_without_search(root: Path, unsearched: Mapping[str, str] = UNSEARCHED) -> list[str]:
    """Pages that page through a list and offer no search, and needless excuses for one."""
    bare = {
        file.relative_to(root).as_posix()
        for room in ROOMS
        for file in sorted((root / room).rglob("templates/**/*.html"))
        if _is_unsearched(file.read_text(encoding="utf-8"))
    }
    return [
        *(f"{page}: a paged list without a search" for page in sorted(bare - unsearched.keys())),
        *(f"{page}: is searched or gone" for page in sorted(unsearched.keys() - bare)),
    ]


def calls_that_hold_a_place(root: Path) -> list[str]:
    """Modules that call somebody outside and never step aside while they wait."""
    return [
        f"{file.relative_to(root).as_posix()}: calls outside without aside()"
        for room in ROOM_NAMES
        for file in sorted((root / room).rglob("*.py"))
        if CALLS.search(source := file.read_text(encoding="utf-8")) and "aside()" not in source
    ]


def _is_unsearched(source: str) -> bool:
    paged = PAGED.search(source)
    name = paged and (paged["name"] or "pager")
    return bool(name) and f"{{{{ {name}(" in source and not SEARCHED.search(source)


def wordless(rooms: list[Room]) -> list[str]:
    """Actions and policies that are not put in plain words, and policies that have no id."""
    found: list[str] = []
    for room in rooms:
        schema, policies = room.directory / "schema.cedarschema", room.directory / "policy.cedar"
        if schema.exists():
            found += _wordless_actions(schema.read_text(encoding="utf-8"), room.words)
        if policies.exists():
            found += _wordless_policies(policies.read_text(encoding="utf-8"), room.words)
    return found


def _wordless_actions(schema: str, words: Words) -> list[str]:
    actions = re.findall(r'"([a-z_]+:[a-z-]+)"', schema)
    return [f"{action}: no words" for action in actions if action not in words.actions]


def _wordless_policies(policies: str, words: Words) -> list[str]:
    listed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    ids = [policy.get("annotations", {}).get("id") for policy in listed.values()]
    return [f"{name}: no words" for name in ids if name not in words.policies]


def _docstrings(tree: ast.Module) -> Iterator[int]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr):
            yield id(node.body[0].value)


def _is_format(text: str) -> bool:
    """The words of a Chinese date, which only the Chinese format uses."""
    return set(CHINESE.findall(text)) <= set("年月日周一二三四五六")


def _is_data(file: Path) -> bool:
    return file.parts[0] in DATA_MODULES or file.as_posix() in DATA_MODULES


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    from tests.architecture.application import application

    app = application()
    faults = [
        *routes_without_rule(app),
        *writes_without_limit(app),
        *writes_without_size(app),
        *unlimited(app),
        *sessions_ended_past_their_service(ROOT),
        *pages_without_csrf(app),
        *untranslated(ROOT),
        *stale(ROOT),
        *lists_without_search(ROOT),
        *calls_that_hold_a_place(ROOT),
        *wordless(app.extensions["rooms"]),
    ]
    print("\n".join(faults) or "Guards: every route has its rule, every string its English.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
