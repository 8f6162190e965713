"""What a resident is told about their contract, in the portal's messages."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from core.messages import N_
from family_doctor.models import Contract
from family_doctor.queries.rules import rule_for
from family_doctor.queries.signatories import SIGNING, acts_for
from notifications.public import notify
from residents.public import people_by_id, representatives_of

# Where every notice leads: the resident's own page.
LINK = "/family-doctor/mine"

ACCEPTED = N_("%(team)s同意了您的签约申请，请在 %(days)s 天内阅读并确认协议。")
REJECTED = N_("%(team)s没有同意您的签约申请，请打开查看原因，您可以另选团队。")
ACTIVATED = N_("您与%(team)s的签约已经生效，到 %(date)s 为止。")
TERMINATED = N_("您与%(team)s的签约已经解除，您可以另选团队。")
NOT_ANSWERED = N_("%(team)s在 %(days)s 天内没有答复，您的签约申请已自动撤回，您可以另选团队。")
NOT_SIGNED = N_("协议在 %(days)s 天内没有确认，与%(team)s的签约已自动取消，您可以重新申请。")
NEAR_END = N_("您与%(team)s的签约将在 %(date)s 到期，现在可以续签，一点就好。")
RENEWS = N_("您与%(team)s的续签已经签好，原签约期满后接着生效，到 %(date)s 为止。")
RENEWED = N_("您与%(team)s的续签已经开始，到 %(date)s 为止。")
EXPIRED = N_("您与%(team)s的签约已经到期，您可以重新选择团队。")

# To those who may sign for the resident: a child reads no messages.
FOR_KIN = {
    ACCEPTED: N_("%(team)s同意了%(name)s的签约申请，请在 %(days)s 天内阅读协议并签名。"),
    REJECTED: N_("%(team)s没有同意%(name)s的签约申请，请打开查看原因，可以另选团队。"),
    ACTIVATED: N_("%(name)s与%(team)s的签约已经生效，到 %(date)s 为止。"),
    NEAR_END: N_("%(name)s与%(team)s的签约将在 %(date)s 到期。"),
    TERMINATED: N_("%(name)s与%(team)s的签约已经解除。"),
    NOT_ANSWERED: N_("%(team)s在 %(days)s 天内没有答复，%(name)s的签约申请已自动撤回。"),
    NOT_SIGNED: N_("协议在 %(days)s 天内没有确认，%(name)s与%(team)s的签约已自动取消。"),
    RENEWS: N_("%(name)s与%(team)s的续签已经签好，原签约期满后接着生效，到 %(date)s 为止。"),
    RENEWED: N_("%(name)s与%(team)s的续签已经开始，到 %(date)s 为止。"),
    EXPIRED: N_("%(name)s与%(team)s的签约已经到期，可以重新选择团队。"),
}
# What somebody else did in the resident's name.
RENEWAL_FOR = N_("%(name)s为您申请了与%(team)s续签。不是您的意思，可以在期满前撤回。")
CHANGE_FOR = N_("%(name)s为您申请更换签约，新的团队是%(team)s。不是您的意思，可以撤回。")
STAYED_FOR = N_("%(name)s替您答复了换团队的提议：不换，仍由%(team)s照看您。")
KEPT_FOR = N_("%(name)s为您撤回了更换，与%(team)s的签约照旧。")
CANCELLED_FOR = N_("%(name)s为您撤回了向%(team)s的签约申请。")
LEFT_FOR = N_("%(name)s为您与%(team)s解约了。不是您的意思，可以提出异议，或重新申请签约。")

# An invitation to renew, with the page where that is done; the second after the term.
RENEW_ASKED = N_("%(by)s邀请您与%(team)s续签，现在的签约到 %(date)s 为止，点开就能续。")
RETURN_ASKED = N_("%(by)s邀请您再与%(team)s签约，上一份已在 %(date)s 到期，点开就能申请。")
INVITED_KIN = {
    RENEW_ASKED: N_("%(by)s邀请%(name)s与%(team)s续签，签约到 %(date)s 为止，您可以代为办理。"),
    RETURN_ASKED: N_("%(by)s邀请%(name)s再与%(team)s签约，上一份已在 %(date)s 到期。"),
}

APPLIED_FOR = N_(
    "%(name)s为您向%(team)s申请了家庭医生签约。不是您的意思，请打开拒绝，协议没有您本人确认不会生效。"
)
APPLIED_FOR_KIN = N_(
    "%(name)s为%(person)s向%(team)s申请了家庭医生签约，您可以代为处理。不是家里的意思，请打开拒绝。"
)
SIGNED_PRESENT = N_("您在现场签了与%(team)s的签约协议，团队长签名后生效。不是您签的，请打开拒绝。")
SIGNED_PRESENT_FOR = N_(
    "%(name)s在现场为您签了与%(team)s的签约协议，团队长签名后生效。不是您的意思，请打开拒绝。"
)
SIGNED_PRESENT_KIN = N_(
    "您在现场为%(person)s签了与%(team)s的签约协议，团队长签名后生效。不是您签的，请打开拒绝。"
)

ON_VISIT = N_("您在现场与%(team)s签约，到 %(date)s 为止。不是您本人签的，请打开查看并解约。")

ON_VISIT_FOR = N_(
    "%(name)s在现场为您与%(team)s签约，到 %(date)s 为止。不是您的意思，请打开查看并解约。"
)
ON_VISIT_KIN = N_(
    "您在现场为%(person)s与%(team)s签约，到 %(date)s 为止。不是您签的，请打开查看并解约。"
)


def tell(session: Session, contract: Contract, sentence: str, team_name: str) -> None:
    """Leave ``sentence``, one of this module's, for the resident of the contract, and what it says
    to those who may sign for them.
    """
    values = {
        "team": team_name,
        "date": contract.ends_on.isoformat() if contract.ends_on else "",
    }
    if "%(days)s" in sentence:
        rule = rule_for(session, contract.institution_id)
        days = rule.answer_days if sentence == NOT_ANSWERED else rule.confirm_days
        values["days"] = str(days)
    notify(session, contract.person_id, sentence, values, LINK)
    if sentence in FOR_KIN:
        _tell_kin(session, contract, FOR_KIN[sentence], values)


def tell_invited(
    session: Session, contract: Contract, sentence: str, by_name: str, team_name: str, link: str
) -> None:
    """Tell the resident that a member of the team invites them to renew at ``link``, and those who
    sign for them.
    """
    date = contract.ends_on.isoformat() if contract.ends_on else ""
    values = {"by": by_name, "team": team_name, "date": date}
    notify(session, contract.person_id, sentence, values, link, sms=True)
    _tell_kin(session, contract, INVITED_KIN[sentence], values, link)


def _tell_kin(
    session: Session,
    contract: Contract,
    sentence: str,
    values: dict[str, str],
    link: str | None = None,
) -> None:
    kin = representatives_of(session, contract.person_id, SIGNING)
    if not kin:
        return
    name = people_by_id(session, {contract.person_id})[contract.person_id].name
    link = link or _page(contract)
    for each in sorted(kin):
        notify(session, each, sentence, {**values, "name": name}, link)


def tell_done_for(
    session: Session, actor: Actor, contract: Contract, sentence: str, team_name: str
) -> None:
    """Tell the resident what the actor did in their name, if it was not they themself."""
    if acts_for(session, actor, contract.person_id):
        values = {"name": actor.name, "team": team_name}
        notify(session, contract.person_id, sentence, values, LINK)


def tell_applied_for(
    session: Session,
    person_id: UUID,
    contract_id: UUID,
    by_name: str,
    team_name: str,
    *,
    whose: str = "",
) -> None:
    """Tell a person, by SMS too, that somebody applied for them, or for ``whose`` they look after,
    with the page to refuse it.
    """
    sentence = APPLIED_FOR_KIN if whose else APPLIED_FOR
    link = f"/family-doctor/contracts/{contract_id}/application"
    values = {"name": by_name, "team": team_name, "person": whose}
    notify(session, person_id, sentence, values, link, sms=True)


def tell_signed_on_visit(
    session: Session,
    contract: Contract,
    team_name: str,
    person_name: str,
    signer_id: UUID,
    signer_name: str,
) -> None:
    """Tell a resident, by SMS too, what was signed in their name in the village or at the desk and
    is in force, and who signed it for them where it was somebody else.
    """
    date = contract.ends_on.isoformat() if contract.ends_on else ""
    values = {"team": team_name, "date": date, "name": signer_name, "person": person_name}
    told = (ON_VISIT, ON_VISIT_FOR, ON_VISIT_KIN)
    _tell_signed(session, contract.person_id, signer_id, told, values, LINK, _page(contract))


def tell_signed_on_site(
    session: Session,
    contract: Contract,
    team_name: str,
    person_name: str,
    signer_id: UUID,
    signer_name: str,
) -> None:
    """As ``tell_signed_on_visit``, of what waits for the leader's signature."""
    values = {"team": team_name, "name": signer_name, "person": person_name}
    told = (SIGNED_PRESENT, SIGNED_PRESENT_FOR, SIGNED_PRESENT_KIN)
    page = _page(contract)
    _tell_signed(session, contract.person_id, signer_id, told, values, page, page)


def _tell_signed(
    session: Session,
    person_id: UUID,
    signer_id: UUID,
    told: tuple[str, str, str],
    values: dict[str, str],
    link: str,
    kin_link: str,
) -> None:
    """To the resident who signed the first sentence; else the second to them, the third to who did
    it for them.
    """
    own, for_them, by_kin = told
    if signer_id == person_id:
        notify(session, person_id, own, values, link, sms=True)
        return
    notify(session, person_id, for_them, values, link, sms=True)
    notify(session, signer_id, by_kin, values, kin_link, sms=True)


def _page(contract: Contract) -> str:
    return f"/family-doctor/contracts/{contract.id}/application"
