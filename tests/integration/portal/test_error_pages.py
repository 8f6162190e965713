"""A refusal is a whole page in the reader's language, whatever was refused."""

import re
from typing import cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from core.web.languages import gettext
from core.web.problems import SENTENCES, error_page
from core.web.security import MAX_BODY_BYTES

# What a browser says of a form on a page of ours.
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
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


def test_a_form_of_an_old_page_is_kept_and_may_be_sent_again(
    app: APIFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"phone": "12800000001", "next": "/packs/?group=01", "csrf_token": "of-another-session"}
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = client.post("/auth/code?lang=en", data=form, headers=FROM_HERE)
    assert (page.status_code, "Send again" in page.text) == (400, True)
    assert 'name="phone" value="12800000001"' in page.text
    assert "of-another-session" not in page.text
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    again = client.post("/auth/code", data=form | {"csrf_token": token}, headers=FROM_HERE)
    assert again.status_code != 400


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Origin": "https://elsewhere.example"}, {}),
        ({}, {}),
        (FROM_HERE, {"password": "kept-nowhere"}),
    ],
)
def test_what_is_not_ours_or_secret_is_not_carried_on(
    app: APIFlask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    more: dict[str, str],
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = client.post("/auth/code", data={"phone": "12800000001"} | more, headers=headers)
    assert page.status_code == 400
    assert "12800000001" not in page.text
    assert "kept-nowhere" not in page.text


def test_what_came_too_early_may_be_sent_again(app: APIFlask) -> None:
    given = {"method": "POST", "data": {"name": "梁<秀英>"}, "headers": FROM_HERE}
    for status, kept in ((429, True), (503, True), (409, False), (404, False)):
        with app.test_request_context("/auth/code", **given):
            page, _ = cast(tuple[str, int], error_page(status, "…"))
        assert ('name="name" value="梁&lt;秀英&gt;"' in page) == kept, status
