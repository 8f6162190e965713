"""A refusal is a whole page in the reader's language, whatever was refused."""

import re
from typing import cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from core.web.languages import gettext
from core.web.problems import SENTENCES, error_page
from core.web.security import MAX_BODY_BYTES

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("status", sorted(SENTENCES))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_status_has_its_page_in_both_languages(
    app: APIFlask, status: int, language: str
) -> None:
    with app.test_request_context(f"/nowhere?lang={language}"):
        answer = error_page(status, gettext(SENTENCES[status]))
    page, answered = cast(tuple[str, int], answer)
    text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", str(page), flags=re.DOTALL)
    assert answered == status
    assert str(status) in text
    assert bool(CHINESE.search(text.replace("中文", ""))) == (language == "zh")


def test_what_is_too_large_is_refused_with_a_page(client: FlaskClient) -> None:
    answer = client.post(
        "/preferences/large-text?lang=en", data={"next": "x" * (MAX_BODY_BYTES + 1)}
    )
    assert answer.status_code == 413
    assert '<html lang="en"' in answer.text
    assert "too large" in answer.text
