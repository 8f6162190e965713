"""Decisions leave their event in the audit, and a refusal's event outlives the rollback."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from auth.models import Account
from core import audit, clock
from core.access import Actor, PolicyBook, PolicyError, require
from core.audit import looking_on
from core.database import transaction
from core.errors import Denied
from core.ids import new_id
from core.models import AuditEvent
from core.statements import Statement
from portal.factory import ROOT
from residents.public import person_resource
from residents.schemas import Action
from tests.factories.auth import make_account


def events(session: Session, action: str) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


def test_an_allowed_decision_is_written_with_its_policy(session: Session) -> None:
    person_id = new_id()
    actor = Actor(account_id=new_id(), person_id=person_id, verified=True, address="203.0.113.9")
    with transaction() as work:
        require(work, actor, Action.READ_PERSON, person_resource(person_id, "990102001"))
    (event,) = events(session, Action.READ_PERSON)
    assert (event.outcome, event.policies) == ("allowed", ["residents.own"])
    assert (event.account_id, event.person_id) == (actor.account_id, person_id)
    assert event.address == "203.0.113.9"


def test_a_refusal_is_audited_although_its_transaction_is_rolled_back(session: Session) -> None:
    actor = Actor(account_id=new_id(), person_id=new_id(), verified=True)
    with pytest.raises(Denied), transaction() as work:
        require(work, actor, Action.READ_PERSON, person_resource(new_id(), "990102001"))
    (event,) = events(session, Action.READ_PERSON)
    assert (event.outcome, event.policies) == ("denied", [])


def test_no_audit_no_data(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the event cannot be written there is neither the change nor the answer."""
    person_id = new_id()
    actor = Actor(account_id=new_id(), person_id=person_id, verified=True)
    account = make_account(session, name="before")
    session.commit()
    answered: list[str] = []

    def read_and_change() -> None:
        with transaction() as work:
            require(work, actor, Action.READ_PERSON, person_resource(person_id, "990102001"))
            work.get_one(Account, account.id).display_name = "after"
            name = work.get_one(Account, account.id).display_name
        answered.append(name)

    with monkeypatch.context() as broken:
        nowhere = Statement(text("INSERT INTO core_audit_nowhere (id) VALUES (:id)"))
        broken.setattr(audit, "INSERT", nowhere)
        with pytest.raises(ProgrammingError):
            read_and_change()
    session.expire_all()
    assert (answered, session.get_one(Account, account.id).display_name) == ([], "before")
    assert events(session, Action.READ_PERSON) == []
    read_and_change()
    session.expire_all()
    assert (answered, session.get_one(Account, account.id).display_name) == (["after"], "after")
    assert len(events(session, Action.READ_PERSON)) == 1


def test_no_data_no_audit(session: Session) -> None:
    person_id = new_id()
    actor = Actor(account_id=new_id(), person_id=person_id, verified=True)

    def fail_late() -> None:
        with transaction() as work:
            require(work, actor, Action.READ_PERSON, person_resource(person_id, "990102001"))
            raise ValueError("after the decision")

    with pytest.raises(ValueError, match="after the decision"):
        fail_late()
    assert events(session, Action.READ_PERSON) == []


def test_a_page_left_open_is_one_event_a_minute(session: Session) -> None:
    person_id, other = new_id(), new_id()
    actor = Actor(account_id=new_id(), person_id=person_id, verified=True, address="203.0.113.9")

    def look(who: Actor = actor, at: UUID = person_id, after: int = 0) -> int:
        with clock.shifted(timedelta(seconds=after)):
            with transaction() as work:
                require(work, who, Action.READ_PERSON, person_resource(person_id, "990102001"))
                with looking_on(work):
                    require(work, who, Action.READ_PERSON, person_resource(at, "990102001"))
            return len(events(session, Action.READ_PERSON))

    assert look() == 2
    # What stands outside the block is written as ever.
    assert [look(after=seconds) - 1 for seconds in (5, 10, 59)] == [2, 3, 4]
    assert look(after=125) == 7
    moved = replace(actor, address="203.0.113.10")
    assert look(moved, after=126) == 9
    helped = replace(actor, account_id=new_id())
    assert look(helped, after=126) == 11
    with pytest.raises(Denied):
        look(at=other, after=127)
    with pytest.raises(Denied):
        look(at=other, after=128)
    refused = [each for each in events(session, Action.READ_PERSON) if each.outcome == "denied"]
    assert len(refused) == 2


def test_an_unknown_action_is_denied(session: Session) -> None:
    actor = Actor(account_id=new_id(), person_id=new_id(), verified=True)
    with pytest.raises(Denied), transaction() as work:
        require(work, actor, "residents:nothing", person_resource(new_id(), "990102001"))


def test_a_policy_that_does_not_fit_the_schema_stops_the_start(tmp_path: object) -> None:
    directory = ROOT / "residents"
    broken = type(directory)(str(tmp_path))
    (broken / "schema.cedarschema").write_text((directory / "schema.cedarschema").read_text())
    (broken / "policy.cedar").write_text(
        'permit (principal, action == Action::"residents:fly", resource);'
    )
    with pytest.raises(PolicyError):
        PolicyBook([broken])
