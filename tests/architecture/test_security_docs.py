"""The documents on security name tests and files that exist, and leave no requirement out."""

import re
from pathlib import Path

import pytest

from portal.factory import ROOT

DIRECTORY = ROOT / "docs" / "security"
DOCUMENTS = sorted(DIRECTORY.glob("*.md"))
TESTS = {
    file.relative_to(ROOT / "tests").as_posix(): file.read_text(encoding="utf-8")
    for file in ROOT.glob("tests/**/test_*.py")
}
CONTRACT = "contracts/test_openid_client.py"
# `file.py::test` (a directory before the file tells two of one name apart), `file.py`, and `::test`
# or `test` of the file named before it; of the contract where the text says so.
NAMED = re.compile(r"(contract )?`(?:tests/)?((?:\w+/)*test_\w+\.py)?(?:::)?(test_\w+)?`")
LINK = re.compile(r"\]\(([^)#:]+)\)")
# How many requirements each section of ASVS 5.0.0 has.
ASVS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
}  # fmt: skip
ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| [123] \| .+ \| (?:yes|partly|no|not applicable) \| .+ \|$",
    re.MULTILINE,
)


def unknown_tests(text: str) -> list[str]:
    """What ``text`` names as a test and is none."""
    unknown, latest = [], ""
    for contract, file, test in NAMED.findall(text):
        latest = CONTRACT if contract else file or latest
        named = [source for path, source in TESTS.items() if f"/{path}".endswith(f"/{latest}")]
        if (file or test) and not any(
            f"def {test}(" in source if test else source for source in named
        ):
            unknown.append(f"{latest}::{test}")
    return unknown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_named_tests_exist(document: Path) -> None:
    assert unknown_tests(document.read_text(encoding="utf-8")) == []


def test_a_name_that_is_none_is_found() -> None:
    assert unknown_tests("`test_security_docs.py::test_that_nobody_wrote`, `::test_neither`")
    assert unknown_tests("`journeys/test_security_docs.py`")
    assert not unknown_tests("`architecture/test_security_docs.py`, `test_named_tests_exist`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_document_is_listed() -> None:
    listed = LINK.findall((DIRECTORY / "README.md").read_text(encoding="utf-8"))
    assert sorted([*listed, "README.md"]) == [document.name for document in DOCUMENTS]


def test_no_requirement_is_left_out() -> None:
    answered = ROW.findall((DIRECTORY / "asvs.md").read_text(encoding="utf-8"))
    asked = [
        f"{section}.{number + 1}" for section, count in ASVS.items() for number in range(count)
    ]
    assert answered == asked
