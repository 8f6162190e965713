"""A message reads in its reader's language, the names in it too."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

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
