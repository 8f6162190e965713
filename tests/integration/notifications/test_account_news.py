"""What changes the way into an account is told to its owner: in the portal, and on the phone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.models import Account, Notice
from auth.schemas import NoticeKind
from auth.services.notices import notify_owner
from core import clock
from core.events import deliver
from notifications.jobs import send_account_notice
from notifications.models import Message
from notifications.sms import NOTICES
from notifications.subscribers import SENTENCES
from tests.factories.auth import make_account, make_phone
from tests.factories.residents import make_resident

Browser = Callable[[UUID], FlaskClient]
# In the region it is the next day.
MOMENT = datetime(2027, 3, 4, 17, 5, tzinfo=UTC)
IN_THE_REGION = "3月5日01:05"


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the SMS gateway was asked to send."""
    bodies: list[dict[str, Any]] = []

    def post(address: str, *, json: dict[str, Any], **_: object) -> requests.Response:
        bodies.append(json)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    monkeypatch.setattr(requests, "post", post)
    yield bodies


def news(session: Session, account: Account, kind: NoticeKind) -> None:
    with clock.shifted(MOMENT - clock.now()):
        notify_owner(session, account, kind)
    session.commit()


@pytest.mark.parametrize(
    ("kind", "link", "said", "in_english"),
    [
        (NoticeKind.PASSWORD_CHANGED, "/auth/security", "密码", "Your password was changed"),
        (NoticeKind.PHONE_CHANGED, "/auth/security", "手机号", "Your phone number was changed"),
        (NoticeKind.FACTOR_ADDED, "/auth/security", "添加", "was added to your account"),
        (NoticeKind.FACTOR_REMOVED, "/auth/security", "移除", "was removed from your account"),
        (NoticeKind.WECHAT_BOUND, "/auth/wechat", "微信", "A WeChat was joined"),
        (NoticeKind.PROVIDER_JOINED, "/auth/identities", "其他单位", "of another institution"),
    ],
)
def test_the_owner_is_told_what_when_and_what_to_do(
    session: Session,
    signed_in: Browser,
    posted: list[dict[str, Any]],
    run_jobs: Callable[[], int],
    kind: NoticeKind,
    link: str,
    said: str,
    in_english: str,
) -> None:
    account, person = make_resident(session)
    news(session, account, kind)
    run_jobs()
    message = session.scalars(select(Message).where(Message.person_id == person.id)).one()
    happened = session.scalars(select(Notice.created_at)).one()
    assert (message.link, message.created_at) == (link, happened)
    assert said in message.sentence
    assert "不是您本人" in message.sentence
    shown = signed_in(account.id).get("/messages/?lang=en").text
    assert in_english in shown
    assert "If it was not you" in shown
    [sms] = posted
    assert sms["to"] == account.phone
    assert sms["params"]["at"] == IN_THE_REGION
    for part in (said, IN_THE_REGION, "如非本人"):
        assert part in sms["text"]


def test_news_is_told_once(
    session: Session, posted: list[dict[str, Any]], run_jobs: Callable[[], int]
) -> None:
    """However often the worker comes to it: the gateway knows an SMS by the notice."""
    account, _ = make_resident(session)
    news(session, account, NoticeKind.WECHAT_BOUND)
    queued = session.execute(text("SELECT args FROM procrastinate_jobs")).scalar_one()
    for _ in range(2):
        deliver(**queued)
    run_jobs()
    assert session.scalar(select(func.count()).select_from(Message)) == 1
    assert len(posted) == 1
    notice_id = str(session.scalars(select(Notice.id)).one())
    send_account_notice(notice_id)
    assert [sms["idempotency_key"] for sms in posted] == [notice_id, notice_id]


def test_who_reads_no_messages_gets_every_sms_and_others_not_of_a_new_device(
    session: Session, posted: list[dict[str, Any]], run_jobs: Callable[[], int]
) -> None:
    staff = make_account(session, username="wei", phone=make_phone())
    for account in (staff, make_resident(session)[0]):
        news(session, account, NoticeKind.NEW_DEVICE)
    news(session, staff, NoticeKind.PASSWORD_RESET)
    run_jobs()
    assert [sms["to"] for sms in posted] == [staff.phone, staff.phone]
    assert "如非您提出" in posted[-1]["text"]


def test_an_account_that_cannot_be_reached_is_no_mistake(
    session: Session, posted: list[dict[str, Any]], run_jobs: Callable[[], int]
) -> None:
    news(session, make_account(session, username="wei"), NoticeKind.PASSWORD_RESET)
    run_jobs()
    assert posted == []


def test_every_kind_of_news_has_its_words() -> None:
    assert set(SENTENCES) == set(NOTICES) == set(NoticeKind)
