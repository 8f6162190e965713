"""Each guard finds the fault it is there for, and finds none in the tree."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask import Flask

from core.errors import Denied
from core.permissions import Words
from core.web.access import ANYONE, MACHINES, SIGNED_IN, enforce, open_to
from core.web.limits import body_at_most, costly, limited
from portal.factory import ROOT
from tests.architecture import assurance, guards

ROUTES = Path(__file__).with_name("routes.txt")


def test_every_route_says_who_may_call_it(app: APIFlask) -> None:
    assert guards.routes_without_rule(app) == []


def test_a_route_without_a_rule_is_found() -> None:
    app = Flask("planted", static_folder=None)
    app.add_url_rule("/bare", "bare", lambda: "")
    app.add_url_rule("/open", "open", open_to(ANYONE)(lambda: ""))
    assert guards.routes_without_rule(app) == ["bare: no access rule (open_to) on /bare"]


def test_what_strangers_may_write_has_a_limit(app: APIFlask) -> None:
    assert guards.writes_without_limit(app) == []
    assert guards.writes_without_size(app) == []


def test_a_write_without_a_limit_is_found() -> None:
    app = Flask("planted", static_folder=None)
    day = timedelta(days=1)
    app.add_url_rule("/bare", "bare", open_to(ANYONE)(lambda: ""), methods=["POST"])
    app.add_url_rule(
        "/held", "held", limited(1, day)(open_to(ANYONE)(lambda: "")), methods=["POST"]
    )
    app.add_url_rule("/read", "read", open_to(ANYONE)(lambda: ""))
    refusals = limited(1, day, failures=True)(open_to(ANYONE)(lambda: ""))
    app.add_url_rule("/half", "half", refusals, methods=["POST"])
    sized = body_at_most(1)(limited(1, day)(open_to(ANYONE)(lambda: "")))
    app.add_url_rule("/sized", "sized", sized, methods=["POST"])
    found = [fault.split(":")[0] for fault in guards.writes_without_limit(app)]
    assert found == ["bare", "half"]
    found = [fault.split(":")[0] for fault in guards.writes_without_size(app)]
    assert found == ["bare", "held", "half"]


def test_nobody_writes_or_exports_without_a_limit(app: APIFlask) -> None:
    assert guards.unlimited(app) == []
    planted = Flask("planted", static_folder=None)
    view = open_to(SIGNED_IN)(lambda: "")
    planted.add_url_rule("/list.csv", "file", view)
    planted.add_url_rule("/people.csv", "held", costly(open_to(SIGNED_IN)(lambda: "")))
    planted.add_url_rule("/things", "default", view, methods=["POST"])
    refusals = limited(1, timedelta(days=1), failures=True)(open_to(SIGNED_IN)(lambda: ""))
    planted.add_url_rule("/half", "half", refusals, methods=["DELETE"])
    assert [fault.split(":")[0] for fault in guards.unlimited(planted)] == ["file", "half"]


def test_sessions_are_ended_by_one_service_which_tells(tmp_path: Path) -> None:
    assert guards.sessions_ended_past_their_service(ROOT) == []
    (tmp_path / "auth").mkdir()
    planted = tmp_path / "auth" / "planted.py"
    for ends in (
        "s.execute(update(SignInSession).where(which).values(ended_at=now))",
        "for t in (SignInSession, Token):\n    s.execute(update(t).values(ended_at=now))",
    ):
        planted.write_text(ends)
        [fault] = guards.sessions_ended_past_their_service(tmp_path)
        assert fault.startswith("auth/planted.py")
    planted.write_text("update(SignInSession).values(last_seen_at=now)")
    assert guards.sessions_ended_past_their_service(tmp_path) == []


def test_no_page_is_exempt_from_csrf(app: APIFlask) -> None:
    assert guards.pages_without_csrf(app) == []


def test_a_page_that_is_exempt_is_found(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["csrf"], "_exempt_blueprints", {"auth"})
    [fault] = guards.pages_without_csrf(app)
    assert fault.startswith("auth:")


def test_no_route_appears_disappears_or_opens_unnoticed(app: APIFlask) -> None:
    """routes.txt is the reviewed list; write it anew with `python -m tests.architecture.routes`."""
    from tests.architecture.routes import table

    assert table(app) == ROUTES.read_text(encoding="utf-8").splitlines()


def test_a_route_without_a_rule_is_refused_at_run_time() -> None:
    """Whoever forgets ``open_to`` has closed the route, not opened it."""
    planted = Flask("planted", static_folder=None)
    reached: list[str] = []

    def bare() -> str:
        reached.append("bare")
        return ""

    @open_to(MACHINES)
    def ruled() -> str:
        reached.append("ruled")
        return ""

    planted.add_url_rule("/bare", "bare", bare)
    planted.add_url_rule("/ruled", "ruled", ruled)
    planted.before_request(enforce)
    planted.register_error_handler(Denied, lambda error: (error.code, error.status))
    client = planted.test_client()
    assert client.get("/bare").status_code == 403
    assert reached == []
    assert client.get("/ruled").status_code == 200
    assert reached == ["ruled"]


def test_every_string_is_translated() -> None:
    assert guards.untranslated(ROOT) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("portal/templates/planted.html", "<p>你好</p>"),
        ("portal/templates/planted.html", '<input placeholder="姓名">'),
        ("portal/planted.py", 'TEXT = "没有标记"\n'),
        ("portal/planted.py", 'from core.messages import N_\nTEXT = N_("没有英文的一句")\n'),
    ],
)
def test_an_untranslated_string_is_found(tmp_path: Path, file: str, text: str) -> None:
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(text, encoding="utf-8")
    assert len(guards.untranslated(tmp_path)) == 1


def test_a_translated_string_is_not_a_fault(tmp_path: Path) -> None:
    room = tmp_path / "portal"
    catalogue = room / "translations/en/LC_MESSAGES/messages.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid "你好"\nmsgstr "Hello"\n', encoding="utf-8")
    (room / "templates").mkdir()
    (room / "templates/planted.html").write_text('{{ _("你好") }}', encoding="utf-8")
    assert guards.untranslated(tmp_path) == []


def test_every_translation_is_of_something_that_is_said() -> None:
    assert guards.stale(ROOT) == []


def test_a_stale_translation_is_found(tmp_path: Path) -> None:
    catalogue = tmp_path / "portal/translations/en/LC_MESSAGES/messages.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid "你好"\nmsgstr "Hello"\n\nmsgid "再见"\nmsgstr "Goodbye"\n', encoding="utf-8"
    )
    (tmp_path / "portal/planted.py").write_text('TEXT = N_("你好")\n', encoding="utf-8")
    assert guards.stale(tmp_path) == [
        "portal/translations/en/LC_MESSAGES/messages.po: nobody says any more: 再见"
    ]


def test_calls_outside_step_aside(tmp_path: Path) -> None:
    assert guards.calls_that_hold_a_place(ROOT) == []
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth/caller.py").write_text("requests.post(address)\n", encoding="utf-8")
    assert guards.calls_that_hold_a_place(tmp_path) == [
        "auth/caller.py: calls outside without aside()"
    ]


def test_every_paged_list_is_searched() -> None:
    assert guards.lists_without_search(ROOT) == []


def test_a_list_without_a_search_and_a_needless_excuse_are_found(tmp_path: Path) -> None:
    pages = tmp_path / "portal/templates"
    pages.mkdir(parents=True)
    macro = '{% from "ui/data.html" import empty, pager as links %}{{ links(pager) }}'
    (pages / "bare.html").write_text(macro, encoding="utf-8")
    (pages / "searched.html").write_text(macro + '{{ search_box("/", "") }}', encoding="utf-8")
    excused = {"portal/templates/searched.html": "needless"}
    assert guards.lists_without_search(tmp_path, excused) == [
        "portal/templates/bare.html: a paged list without a search",
        "portal/templates/searched.html: is searched or gone",
    ]


def test_every_action_and_every_policy_is_put_in_plain_words(app: APIFlask) -> None:
    assert guards.wordless(app.extensions["rooms"]) == []


def test_an_action_and_a_policy_without_words_are_found(app: APIFlask) -> None:
    residents = next(room for room in app.extensions["rooms"] if room.name == "residents")
    actions, policies = dict(residents.words.actions), dict(residents.words.policies)
    del actions["residents:verify"], policies["residents.own"]
    planted = replace(residents, words=Words(actions, policies))
    assert guards.wordless([planted]) == [
        "residents:verify: no words",
        "residents.own: no words",
    ]


@pytest.mark.parametrize(
    "planted",
    [
        "import family_doctor.public\n",  # upward
        "import auth.models\n",  # through a window
    ],
)
def test_a_forbidden_import_breaks_the_contract(tmp_path: Path, planted: str) -> None:
    copy = tmp_path / "tree"
    copy.mkdir()
    for room in (*guards.ROOMS, "tests", "pyproject.toml"):
        subprocess.run(["cp", "-r", str(ROOT / room), str(copy)], check=True)
    (copy / "residents" / "planted.py").write_text(planted, encoding="utf-8")
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [str(lint), "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert "residents.planted" in run.stdout


def test_the_page_of_demands_is_current() -> None:
    """Write it anew with `python -m tests.architecture.assurance`."""
    assert assurance.FILE.read_text(encoding="utf-8") == assurance.document()
