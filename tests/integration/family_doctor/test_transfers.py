"""Residents go to another team: proposed, accepted with places kept, decided by each resident."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.errors import Denied, PortalError
from core.ids import new_id
from core.models import AuditEvent
from family_doctor import jobs
from family_doctor.models import Assignment, Contract, Obligation, Offer, OwnSignature, Rule
from family_doctor.queries.contracts import get_agreement
from family_doctor.queries.offers import get_offer, list_offers
from family_doctor.queries.transfers import get_transfer, list_offered, makeup, note_for
from family_doctor.schemas import (
    DeclineTransfer,
    EndReason,
    OfferSearch,
    OfferState,
    ProposeTransfer,
    RuleValues,
    TerminateContract,
    TransferState,
)
from family_doctor.services import contracts as signing
from family_doctor.services import offers, succession, transfers
from family_doctor.services.places import take_place
from family_doctor.services.transfer_notices import (
    ASKED,
    ASKED_KIN,
    STAYS,
    TAKEN_BACK,
    tell_offered,
)
from family_doctor.states import State
from notifications.models import Message
from tests.factories.auth import make_account
from tests.factories.directory import COUNTY, make_institution, make_team
from tests.factories.family_doctor import actor_of, taken
from tests.factories.residents import make_consent, make_resident
from tests.factories.service_packs import make_pack, make_paid_order
from tests.factories.teamwork import make_residents
from tests.integration.family_doctor.crew import crew
from tests.integration.family_doctor.move import MANY, NOTE, Move, move
from tests.integration.family_doctor.ways import sent

__all__ = ["crew", "move", "sent"]
Browser = Callable[[UUID], FlaskClient]
# However many residents there are.
MOST_STATEMENTS = 18
MOST_ON_A_PAGE = 8


def refused(code: str, work: Callable[[], object]) -> None:
    with pytest.raises(PortalError) as refusal:
        work()
    assert refusal.value.code == code


def states(session: Session) -> dict[str, int]:
    query = select(Offer.state, func.count()).group_by(Offer.state)
    return {row[0]: row[1] for row in session.execute(query)}


def test_two_hundred_are_proposed_and_asked_with_few_statements(
    session: Session, move: Move, count_statements: Callable[[], Any]
) -> None:
    village = make_residents(session, move.crew.team, MANY, village="河西村", late=3)
    session.commit()
    with count_statements() as proposing:
        made = move.propose(village="河西村", expected=MANY)
    assert len(proposing) <= MOST_STATEMENTS, proposing.statements
    assert (made.residents, made.village_name, made.waiting) == (MANY, "河西村", MANY)
    refused("nobody_to_move", lambda: move.propose(village="河西村"))
    # Before anybody consents the other team reads numbers, and the residents nothing.
    of_whom = makeup(session, made.id)
    assert (of_whom.residents, of_whom.overdue) == (MANY, 3)
    assert of_whom.villages == [("河西村", "", MANY)]
    assert list_offered(session, move.chief, made.id, OfferSearch()).items == []
    assert tell_offered(session, made.id) == 0
    # A renewal that began meanwhile is left out; a place is kept for each of the others.
    village[0].state = State.CHANGE_REQUESTED
    session.flush()
    with count_statements() as accepting:
        accepted = transfers.accept(session, move.chief, made.id)
    assert len(accepting) <= MOST_STATEMENTS, accepting.statements
    assert transfers.accept(session, move.chief, made.id) == accepted
    assert states(session) == {"asked": MANY - 1, "gone": 1}
    assert taken(session, move.to.id) == MANY - 1
    assert tell_offered(session, made.id) == MANY - 1
    assert tell_offered(session, made.id) == 0
    told = session.scalars(select(Message.person_id).where(Message.sentence == ASKED)).all()
    assert len(told) == len(set(told)) == MANY - 1
    with count_statements() as withdrawing:
        gone = transfers.withdraw(session, move.crew.leader, made.id)
    assert len(withdrawing) <= MOST_STATEMENTS, withdrawing.statements
    assert transfers.withdraw(session, move.crew.leader, made.id) == gone
    assert (gone.state, gone.stayed, taken(session, move.to.id)) == ("withdrawn", MANY - 1, 0)
    assert tell_offered(session, made.id) == MANY - 1
    back = session.scalars(select(Message.person_id).where(Message.sentence == TAKEN_BACK)).all()
    assert sorted(back) == sorted(told)


def test_a_resident_goes_over(session: Session, move: Move, run_jobs: Callable[[], int]) -> None:
    move.crew.give(session, move.crew.nurse, contract_ids=[move.contract.id])
    refused("not_found", lambda: offers.consent(session, move.own, new_id()))
    bought = make_paid_order(session, move.mother, make_pack(session, name="慢病管理包"))
    proposed = move.propose()
    waiting = move.offer()
    refused("not_found", lambda: get_offer(session, move.own, waiting.id))
    transfers.accept(session, move.chief, proposed.id)
    assert (taken(session, move.crew.team.id), taken(session, move.to.id)) == (1, 1)
    assert [each.id for each in list_offers(session, move.own)] == [waiting.id]
    new = offers.consent(session, move.own, waiting.id)
    assert offers.consent(session, move.own, waiting.id) == new
    assert (new.state, new.kind, new.team_id) == ("pending_signature", "change_team", move.to.id)
    text = get_agreement(session, move.own, new.id).text
    assert f"到 {bought.ends_on.isoformat()} 为止继续有效" in text
    # The place that was kept is the contract's; until it is signed nothing else has changed.
    assert taken(session, move.to.id) == 1
    old = session.get_one(Contract, move.contract.id)
    assert (old.state, old.team_id) == ("change_requested", move.crew.team.id)
    refused("offer_closed", lambda: offers.decline(session, move.own, waiting.id))
    transfers.withdraw(session, move.crew.leader, proposed.id)
    signed = move.sign(new)
    session.commit()
    run_jobs()
    assert (signed.state, move.offer().state) == ("active", "done")
    old = session.get_one(Contract, move.contract.id, populate_existing=True)
    assert (old.state, old.end_reason) == ("terminated", "changed_team")
    assert (taken(session, move.crew.team.id), taken(session, move.to.id)) == (0, 1)
    # The record of care follows as for any change of team, and so do the four of what was bought.
    owed = select(func.count()).select_from(Obligation)
    assert session.scalar(owed.where(Obligation.contract_id == signed.id)) == 5 + 4
    carer = select(Assignment.until).where(Assignment.contract_id == old.id)
    assert session.scalars(carer).one() is not None
    came = note_for(session, signed.id)
    assert came is not None
    assert came.note == NOTE
    shown = list_offered(session, move.chief, proposed.id, OfferSearch()).items
    assert [(each.name, each.contract_id) for each in shown] == [("母亲", signed.id)]


def test_a_resident_stays(session: Session, move: Move, run_jobs: Callable[[], int]) -> None:
    daughter_account, daughter = make_resident(session, name="女儿")
    make_consent(session, move.mother, daughter, ["sign"])
    hers = actor_of(session, daughter_account.id)
    offer = move.asked()
    session.commit()
    run_jobs()
    assert ASKED in move.told(move.mother)
    assert move.told(daughter)[-1] == ASKED_KIN
    assert [each.person_name for each in list_offers(session, hers)] == ["母亲"]
    stayed = offers.decline(session, hers, offer.id)
    assert offers.decline(session, hers, offer.id) == stayed
    assert (stayed.state, taken(session, move.to.id)) == (OfferState.DECLINED, 0)
    assert "替您答复了换团队的提议" in move.told(move.mother)[-1]
    assert session.get_one(Contract, move.contract.id).state == State.ACTIVE
    refused("offer_closed", lambda: offers.consent(session, move.own, offer.id))
    settled = get_transfer(session, move.chief, offer.transfer_id)
    assert (settled.state, settled.done, settled.stayed) == ("settled", 0, 1)
    # The daughter consents the next time, signs, and the mother thinks better of it in time.
    again = move.asked()
    new = offers.consent(session, hers, again.id)
    assert new.channel == "agent"
    succession.withdraw_change(session, move.own, move.contract.id)
    session.commit()
    run_jobs()
    assert (move.offer().state, taken(session, move.to.id)) == ("declined", 0)
    assert session.get_one(Contract, move.contract.id).state == State.ACTIVE


def test_time_passes(session: Session, move: Move, run_jobs: Callable[[], int]) -> None:
    proposed = move.propose()
    session.commit()
    with clock.shifted(timedelta(days=8)):
        jobs.advance_transfers()
        session.expire_all()
        assert get_transfer(session, move.chief, proposed.id).state is TransferState.LAPSED
        refused("transfer_moved", lambda: transfers.accept(session, move.chief, proposed.id))
        offer = move.asked()
        session.commit()
        run_jobs()
    with clock.shifted(timedelta(days=8 + 15)):
        refused("offer_closed", lambda: offers.consent(session, move.own, offer.id))
        session.commit()
        jobs.advance_transfers()
        run_jobs()
        assert (move.offer().state, taken(session, move.to.id)) == ("lapsed", 0)
        assert move.told(move.mother)[-1] == STAYS
        # Who consents and does not sign keeps the team too; who leaves it is asked no more.
        offer = move.asked()
        new = offers.consent(session, move.own, offer.id)
        session.commit()
    with clock.shifted(timedelta(days=8 + 15 + 4)):
        jobs.advance_contracts()
        run_jobs()
        assert move.offer().state == OfferState.LAPSED
        assert session.get_one(Contract, new.id, populate_existing=True).state == State.CANCELLED
        assert taken(session, move.to.id) == 0
        move.asked()
        signing.terminate_contract(
            session, move.own, move.contract.id, TerminateContract(reason=EndReason.OWN_WISH)
        )
        session.commit()
        run_jobs()
        assert (move.offer().state, taken(session, move.to.id)) == ("gone", 0)


def test_what_is_refused(session: Session, move: Move) -> None:
    _, stranger, _ = make_team(session)
    rival = actor_of(session, stranger)
    command = ProposeTransfer(
        team_id=move.crew.team.id, to_team_id=move.to.id, note=NOTE, everyone=True
    )
    for actor in (move.crew.nurse_actor, rival, move.chief, move.own):
        with pytest.raises(Denied):
            transfers.propose(session, actor, command)
    refused("nobody_chosen", lambda: move.propose(contract_ids=[]))
    refused("selection_changed", lambda: move.propose(everyone=True, expected=9))
    own = command.model_copy(update={"to_team_id": move.crew.team.id})
    refused("same_team", lambda: transfers.propose(session, move.crew.leader, own))
    made = move.propose()
    for actor in (rival, move.own):
        with pytest.raises(Denied):
            get_transfer(session, actor, made.id)
    for actor in (move.crew.leader, move.crew.nurse_actor, actor_of(session, move.nurse_account)):
        with pytest.raises(Denied):
            transfers.accept(session, actor, made.id)
        with pytest.raises(Denied):
            transfers.decline(session, actor, made.id, DeclineTransfer(reason="没有名额"))
    with pytest.raises(Denied):
        transfers.withdraw(session, move.chief, made.id)
    # A team without enough places takes nobody; one that says no says why.
    make_residents(session, move.to, 1)
    take_place(session, move.to.id, 1)
    move.to.capacity = 1
    session.flush()
    refused("team_full", lambda: transfers.accept(session, move.chief, made.id))
    move.to.capacity = 5
    kept = session.scalars(
        select(OwnSignature).where(OwnSignature.account_id == move.chief_account)
    ).one()
    kept.replaced_at = clock.now()
    session.flush()
    refused("no_signature", lambda: transfers.accept(session, move.chief, made.id))
    no = transfers.decline(session, move.chief, made.id, DeclineTransfer(reason="人手不够"))
    assert (no.state, no.reason, move.offer().state) == ("declined", "人手不够", "withdrawn")
    assert move.told(move.mother) == []
    refused("transfer_moved", lambda: transfers.withdraw(session, move.crew.leader, made.id))
    # The region may keep it within the institution.
    values = RuleValues(transfer_reach="institution").model_dump()
    session.add(Rule(id=new_id(), division_code=COUNTY, **values))
    move.to.institution_id = make_institution(session).id
    session.flush()
    refused("too_far", move.propose)


def test_the_pages_and_the_api(
    session: Session,
    move: Move,
    signed_in: Browser,
    client: Any,
    bearer: Callable[[UUID], dict[str, str]],
    count_statements: Callable[[], Any],
    run_jobs: Callable[[], int],
) -> None:
    make_residents(session, move.crew.team, 3, village="河西村")
    session.commit()
    leader, chief = signed_in(move.crew.leader_account), signed_in(move.chief_account)
    resident = signed_in(move.account.id)
    root, team = "/family-doctor/transfers/", move.crew.team.id
    assert "把勾选的移交给其他团队" in leader.get("/family-doctor/panel").text
    assert f"{root}new?team_id={team}&amp;village=" in leader.get("/family-doctor/teamwork/").text
    found = leader.get(f"{root}new?team_id={team}&c={move.contract.id}&find={move.to.name}")
    assert f'name="to_team_id" value="{move.to.id}"' in found.text
    assert "提议移交" not in found.text.split("第一步")[1]
    form = {"team_id": team, "to_team_id": move.to.id, "contract_ids": move.contract.id}
    short = leader.post(root, data=form | {"note": "x", "expected": "1"})
    assert short.status_code == 422
    assert "第二步" in short.text
    done = leader.post(root, data=form | {"note": NOTE, "expected": "1"}, follow_redirects=True)
    assert "已把提议发给" in done.text
    assert "母亲" in done.text
    one = done.request.path
    run_jobs()
    with count_statements() as counter:
        theirs = chief.get(one).text
    assert len(counter) <= MOST_ON_A_PAGE + 1, counter.statements
    assert NOTE in theirs
    assert "母亲" not in theirs
    at_both = {Role.LEADER: [str(move.to.id)], Role.MEMBER: [str(team)]}
    both = make_account(session, roles=at_both)
    session.commit()
    assert "同意接收" in signed_in(both.id).get(one).text
    missing = chief.post(f"{one}/decline", data={"reason": ""})
    assert missing.status_code == 422
    assert leader.post(f"{one}/accept").status_code == 403
    took = chief.post(f"{one}/accept", follow_redirects=True)
    assert "名额留好了" in took.text
    run_jobs()
    mine = resident.get("/family-doctor/mine").text
    offer = move.offer()
    assert f"/family-doctor/offers/{offer.id}" in mine
    asked = resident.get(f"/family-doctor/offers/{offer.id}").text
    for words in (move.to.name, move.crew.team.name, "会变的", "不变的", "同意，去签新协议"):
        assert words in asked
    api, lead = "/api/v1/family-doctor", bearer(move.crew.leader_account)
    assert client.get(f"{api}/transfer-offers/{offer.id}", headers=lead).status_code == 403
    pages = [
        (leader, f"{root}?team_id={team}&outgoing=true"),
        (leader, f"{root}new?team_id={team}&everyone=true&to_team_id={move.to.id}"),
        (leader, one),
        (chief, one),
        (resident, f"/family-doctor/offers/{offer.id}"),
        (resident, "/family-doctor/mine"),
    ]
    for browser, path in pages:
        with count_statements() as counter:
            assert browser.get(path).status_code == 200, path
        own = [each for each in counter.statements if "notifications_message" not in each]
        assert len(own) <= MOST_ON_A_PAGE, (path, own)
    signing_page = resident.post(f"/family-doctor/offers/{offer.id}/consent", follow_redirects=True)
    assert "还差一步" in signing_page.text
    hers = bearer(move.account.id)
    again = client.post(f"{api}/transfer-offers/{offer.id}/consent", headers=hers)
    assert again.json["state"] == "pending_signature"
    assert client.get(f"{api}/transfer-offers", headers=hers).json == {"items": []}
    made = client.post(
        f"{api}/transfers",
        json={"team_id": str(team), "to_team_id": str(move.to.id), "village": "河西村",
              "note": NOTE},
        headers=lead,
    )  # fmt: skip
    assert (made.status_code, made.json["residents"]) == (201, 3)
    shown = client.get(f"{api}/transfers/{made.json['id']}/residents", headers=lead)
    assert len(shown.json["items"]) == 3
    no = client.post(
        f"{api}/transfers/{made.json['id']}/decline",
        json={"reason": "人手不够"},
        headers=bearer(move.chief_account),
    )
    assert no.json["state"] == "declined"
    audited = set(session.scalars(select(AuditEvent.action)))
    assert audited >= {f"family_doctor:{do}-transfer" for do in ("propose", "decide")}
