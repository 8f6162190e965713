"""What holds for all stand-ins: loopback only, both languages, bounded, strict pages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from standins.app import create_app
from standins.language import english
from standins.memory import Bounded
from standins.schedule import Schedule
from tests.architecture.guards import read_module, read_template
from tests.unit.standins.conftest import config, wait_until

ROOM = Path(__file__).parents[3] / "standins"


def test_only_loopback_names_are_answered() -> None:
    web = create_app(config()).test_client()
    assert web.get("/sms/inbox", headers={"Host": "127.0.0.1:8001"}).status_code == 200
    assert web.get("/sms/inbox", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("field", ["portal_url", "webhook_url"])
@pytest.mark.parametrize("url", ["https://example.org", "ftp://127.0.0.1", "127.0.0.1:8000"])
def test_only_loopback_addresses_are_called(field: str, url: str) -> None:
    with pytest.raises(ValidationError):
        config(**{field: url})


def test_the_command_refuses_another_host() -> None:
    command = [sys.executable, "-m", "standins", "--port", "0", "--host", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOM.parent, check=False)
    assert done.returncode == 2
    assert "127.0.0.1 only" in done.stderr


def test_every_sentence_has_its_english() -> None:
    keys: set[str] = set()
    for file in ROOM.rglob("*.html"):
        bare, marked = read_template(file.read_text(encoding="utf-8"))
        assert bare in ([], [line for line in bare if 'lang="zh-CN">中文<' in line]), file
        keys |= marked
    for name in (
        "app.py",
        "clinic.py",
        "hospital/pages.py",
        "stripe/pages.py",
        "upstream/provider.py",
        "wechat/pages.py",
        "wechat/people.py",
    ):
        source = (ROOM / name).read_text(encoding="utf-8")
        keys |= read_module(source)[1] | set(re.findall(r'translate\("([^"]+)"', source))
    assert keys == set(english())
    places = re.compile(r"%\(\w+\)s")
    for chinese, text in english().items():
        assert sorted(places.findall(chinese)) == sorted(places.findall(text))
        assert text


def test_a_missing_page_leads_home() -> None:
    page = create_app(config()).test_client().get("/nothing?lang=en")
    assert (page.status_code, "There is no such page" in page.text) == (404, True)


def test_bounded_memory_forgets_the_oldest() -> None:
    memory: Bounded[int, int] = Bounded(2)
    for n in (1, 2, 1, 3):
        memory[n] = n
    assert list(memory) == [2, 3]


def test_the_schedule_survives_a_failing_task() -> None:
    schedule, done = Schedule(), []
    schedule.after(0, lambda: done.append(1 // 0))
    schedule.after(0.05, lambda: done.append(2))
    schedule.after(0, lambda: done.append(1))
    wait_until(lambda: done == [1, 2])
    schedule.close()
    schedule.after(0, lambda: done.append(3))
    assert done == [1, 2]
