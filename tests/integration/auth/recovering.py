"""A counter at which a lost account is recovered."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth import ports
from auth.models import RecoveryCase
from auth.schemas import DueNotice
from core.access import Role
from notifications.sms import SmsGateway
from residents.ports import IdentityVerifier, Verdict
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import OTHER_COUNTY, make_institution
from tests.factories.residents import make_resident, number_of

Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was sent by SMS: (phone, code or link)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )

    def notice(self: object, phone: str, news: DueNotice, link: str) -> None:
        messages.append((phone, link or str(news.kind)))

    monkeypatch.setattr(SmsGateway, "send_notice", notice)
    monkeypatch.setattr(IdentityVerifier, "verify", _verify)
    yield messages


def _verify(self: object, name: str, id_number: str) -> Verdict:
    return Verdict.MISMATCH if name == "冒名者" else Verdict.MATCH


class Counter:
    """Where it happens: the person who lost a phone, and the staff of two institutions."""

    def __init__(self, session: Session, signed_in: Browser) -> None:
        self.session = session
        self.account, self.person = make_resident(session)
        self.old_phone = self.account.phone or ""
        self.new_phone = make_phone()
        self.unit = str(make_institution(session).id)
        self.other_unit = str(make_institution(session, division_code=OTHER_COUNTY).id)
        self.first, self.second = (self._staff({Role.REGISTRAR: [self.unit]}) for _ in range(2))
        self.elsewhere = self._staff({Role.REGISTRAR: [self.other_unit]})
        session.flush()
        self.browser = signed_in

    def papers(self, **changes: str) -> dict[str, str]:
        """What the card says."""
        return {"name": self.person.name, "id_number": number_of(self.person)} | changes

    def show(self, staff: UUID, **changes: str) -> TestResponse:
        """The first look at the papers."""
        form = self.papers(unit=self.unit, phone=self.new_phone) | changes
        return self.browser(staff).post("/auth/recovery/new", data=form)

    def begin(self, sent: list[tuple[str, str]]) -> UUID:
        """The case after the first look and the code."""
        page = self.show(self.first)
        assert page.status_code == 200
        form = {
            "account_id": str(self.account.id),
            "unit": self.unit,
            "challenge_id": page.text.split('name="challenge_id" value="')[1].split('"')[0],
            "code": sent[-1][1],
        }
        answer = self.browser(self.first).post("/auth/recovery/begin", data=form)
        assert answer.status_code == 303, answer.text
        return UUID(answer.location.rsplit("/", 1)[1])

    def confirm(self, staff: UUID, case: UUID, **changes: str) -> int:
        """The second look."""
        browser = self.browser(staff)
        form = self.papers(**changes)
        return browser.post(f"/auth/recovery/{case}/confirm", data=form).status_code

    def state(self, case: UUID) -> str:
        """Where the case stands."""
        query = select(RecoveryCase.state).where(RecoveryCase.id == case)
        return str(self.session.scalar(query))

    def _staff(self, roles: dict[Role, list[str]]) -> UUID:
        return make_account(self.session, roles=roles).id


@pytest.fixture
def counter(session: Session, signed_in: Browser) -> Counter:
    return Counter(session, signed_in)
