"""The team invites a resident to renew: near the end, after it, and not too often."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Denied
from family_doctor.links import LinkKind, make_link
from family_doctor.models import Invitation, InvitationStop, RenewalInvitation
from family_doctor.schemas import EndReason
from family_doctor.services.renewal_invites import invite_to_renew
from family_doctor.states import State
from notifications.models import Message
from tests.factories.family_doctor import actor_of, days_ago, make_contract
from tests.factories.residents import make_consent, make_resident
from tests.integration.family_doctor.crew import Crew, crew
from tests.integration.family_doctor.ways import sent

__all__ = ["crew", "sent"]


def test_near_the_end_the_page_invites_once(
    session: Session,
    crew: Crew,
    signed_in: Callable[[UUID], FlaskClient],
    client: Any,
    bearer: Callable[[UUID], dict[str, str]],
    count_statements: Callable[[], Any],
) -> None:
    account, mother = make_resident(session, name="母亲")
    _, daughter = make_resident(session, name="女儿")
    make_consent(session, mother, daughter, ["sign"])
    contract = make_contract(
        session, mother, crew.team, state=State.EXPIRING, starts_on=days_ago(350)
    )
    session.commit()
    nurse, page = signed_in(crew.nurse_account), f"/family-doctor/panel/{contract.id}"
    assert "邀请续签" in nurse.get(page).text
    about = f"/family-doctor/contracts/{contract.id}"
    done = nurse.post(f"{about}/invite-to-renew", follow_redirects=True)
    assert "邀请已发出" in done.text
    with count_statements() as counter:
        shown = nurse.get(page).text
    assert "邀请过" in shown
    assert "起可以再邀请" in shown
    assert f"{about}/invite-to-renew" not in shown
    own = [each for each in counter.statements if "notifications_message" not in each]
    assert len(own) <= 10, own
    for person in (mother, daughter):
        told = session.scalars(select(Message).where(Message.person_id == person.id)).one()
        assert told.link == f"{about}/renew"
    assert "一键续签" in signed_in(account.id).get(f"{about}/renew").text
    again = client.post(f"/api/v1{about}/invite-to-renew", headers=bearer(crew.nurse_account))
    assert (again.status_code, again.json["code"]) == (409, "invited_lately")
    with clock.shifted(timedelta(days=31)):
        invite_to_renew(session, crew.leader, contract.id)
    assert len(session.scalars(select(RenewalInvitation)).all()) == 2


def test_after_the_end_by_the_way_of_invitations(session: Session, crew: Crew) -> None:
    account, person = make_resident(session)
    person.phone, person.phone_index = "13900000001", account.phone_index
    contract = make_contract(session, person, crew.team, state=State.EXPIRED)
    contract.end_reason, contract.ends_on = EndReason.EXPIRED, days_ago(3)
    running = make_contract(session, make_resident(session)[1], crew.team)
    session.flush()
    with pytest.raises(Denied):
        invite_to_renew(session, actor_of(session, account.id), contract.id)
    with pytest.raises(Conflict, match="not_renewable"):
        invite_to_renew(session, crew.leader, running.id)
    session.add(InvitationStop(phone_index=b"x" * 32, at=clock.now()))
    kept, person.phone_index = person.phone_index, b"x" * 32
    session.flush()
    with pytest.raises(Conflict, match="invitations_stopped"):
        invite_to_renew(session, crew.leader, contract.id)
    person.phone_index = kept
    session.flush()
    invite_to_renew(session, crew.nurse_actor, contract.id)
    invitation = session.scalars(select(Invitation)).one()
    told = session.scalars(select(Message).where(Message.person_id == person.id)).one()
    word = make_link(LinkKind.INVITATION, invitation.id)
    assert told.link == f"/family-doctor/in/{word}"
    make_contract(session, person, crew.team, state=State.APPLIED)
    with clock.shifted(timedelta(days=40)), pytest.raises(Conflict, match="not_renewable"):
        invite_to_renew(session, crew.leader, contract.id)
