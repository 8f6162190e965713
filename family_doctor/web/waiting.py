"""What was bought beside a contract that ran out: keep it for the next team, or give it back."""

from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import decide
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import carry_out
from core.web.languages import gettext
from directory.public import get_team
from family_doctor.queries.contracts import contract_resource, read_contract
from family_doctor.queries.signatories import signatories
from family_doctor.queries.waiting import packs_waiting
from family_doctor.schemas import Action, AnswerWaitingPack, WaitingAction, WaitingPackView
from family_doctor.schemas.base import Command
from family_doctor.services.waiting import answer_waiting
from family_doctor.web import wording
from payments.public import refunds_of
from residents.public import acting

pages = Blueprint("family_doctor_waiting", __name__, url_prefix="/family-doctor")


@pages.get("/contracts/<uuid:contract_id>/waiting-packs")
@open_to(SIGNED_IN)
def show(contract_id: UUID) -> ResponseReturnValue:
    """The packs, what would be due back, and the choice."""
    actor = current_actor()
    with transaction() as session:
        contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        packs = packs_waiting(session, actor, contract_id).items
        given_back = refunds_of(session, [pack.order_id for pack in packs if pack.refund])
        team = get_team(session, contract.team_id)
        kin = signatories(session, actor, contract.person_id)
        resource = contract_resource(contract, kin)
        asking = acting(actor, contract.person_id, kin)
        own = decide(asking, WaitingAction.ANSWER, resource)[0]
    return render_template(
        "family_doctor/terms/waiting.html",
        contract_id=contract_id,
        person_id=contract.person_id,
        packs=packs,
        given_back=given_back,
        team=team,
        own=own,
        wording=wording,
        today=clock.today(),
    )


@pages.post("/contracts/<uuid:contract_id>/waiting-packs/<uuid:pack_id>/keep")
@open_to(SIGNED_IN)
def keep(contract_id: UUID, pack_id: UUID) -> ResponseReturnValue:
    """Keep it for the next team."""
    return _answer(contract_id, pack_id, gettext("已为您留着，签下一个团队后接着服务。"), False)


@pages.post("/contracts/<uuid:contract_id>/waiting-packs/<uuid:pack_id>/give-back")
@open_to(SIGNED_IN)
def give_back(contract_id: UUID, pack_id: UUID) -> ResponseReturnValue:
    """Give it back."""
    return _answer(contract_id, pack_id, gettext("已退回，应退的金额和算法在下面。"), True)


def _answer(
    contract_id: UUID, pack_id: UUID, sentence: str, given_back: bool
) -> ResponseReturnValue:
    actor, command = current_actor(), AnswerWaitingPack(give_back=given_back)
    return carry_out(
        Command,
        WaitingPackView,
        lambda session, _: answer_waiting(session, actor, pack_id, command),
        sentence,
        url_for("family_doctor_waiting.show", contract_id=contract_id),
    )
