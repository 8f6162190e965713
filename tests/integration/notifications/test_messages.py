"""A message reads in its reader's language, the names in it too."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from notifications.public import notify
from tests.factories.residents import make_resident

SENTENCE = "%(staff)s 为您登记了“%(item)s”，请确认是否属实。"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"item": "本院自定的服务", "item_en": "A service of ours"}, "A service of ours"),
        ({"item": "高血压面对面随访"}, "Hypertension follow-up in person"),
        ({"item": "没有英文的服务", "item_en": ""}, "没有英文的服务"),
    ],
)
def test_names_in_a_message_have_their_english(
    session: Session,
    signed_in: Callable[[UUID], FlaskClient],
    values: dict[str, str],
    said: str,
) -> None:
    account, person = make_resident(session)
    notify(session, person.id, SENTENCE, {"staff": "黄示例", **values}, "/packs/mine")
    session.commit()
    browser = signed_in(account.id)
    assert f"recorded &#34;{said}&#34; for you" in browser.get("/messages/?lang=en").text
    assert f"“{values['item']}”" in browser.get("/messages/?lang=zh").text


def test_the_api_says_them_and_marks_those_seen(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    account, person = make_resident(session)
    other, _ = make_resident(session)
    with clock.shifted(timedelta(minutes=-2)):
        notify(session, person.id, SENTENCE, {"staff": "黄示例", "item": "先"}, "/packs/mine")
    notify(session, person.id, SENTENCE, {"staff": "黄示例", "item": "后"}, "/packs/mine")
    session.commit()
    api, headers = "/api/v1/notifications", bearer(account.id)
    said = client.get(f"{api}/messages", headers=headers).get_json()["items"]
    assert ["“后”" in each["text"] for each in said] == [True, False]
    assert {each["read_at"] for each in said} == {None}
    older = {"message_id": said[1]["id"]}
    strange = client.post(f"{api}/messages/read", json=older, headers=bearer(other.id))
    assert strange.status_code == 404
    assert client.post(f"{api}/messages/read", json=older, headers=headers).status_code == 204
    assert client.get(f"{api}/unread", headers=headers).get_json() == {"count": 1}
    assert client.get(f"{api}/unread", headers=bearer(other.id)).get_json() == {"count": 0}
