"""The documents that hold the portal against a standard name tests that exist."""

import re
from pathlib import Path

import pytest

from portal.factory import ROOT

DOCUMENTS = sorted((ROOT / "docs" / "security").glob("*.md"))
CONTRACT = ROOT / "tests" / "contracts" / "test_openid_client.py"
# `file.py::test`, and `::test` of the file named before it.
NAMED = re.compile(r"`(test_\w+\.py)?::(test_\w+)`|`(test_\w+\.py)`|contract `(test_\w+)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_named_tests_exist(document: Path) -> None:
    tests = {
        file.name: file.read_text(encoding="utf-8") for file in ROOT.glob("tests/**/test_*.py")
    }
    latest = ""
    for file, test, whole, contract in NAMED.findall(document.read_text(encoding="utf-8")):
        latest = CONTRACT.name if contract else file or whole or latest
        assert latest in tests, latest
        if name := test or contract:
            assert f"def {name}(" in tests[latest], f"{latest}::{name}"
