"""An account's holder says who they are by a paper, and staff who see it say whether it is so."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.public import accounts_of_people, link_person, person_and_phone, phone_index
from core import clock
from core.access import Actor, require
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_division, serving_institutions
from residents.models import PaperClaim, Person
from residents.queries import person_resource
from residents.queries.claims import (
    claim_case,
    claim_resource,
    claim_state,
    claims_over,
    list_own_claims,
    resource_of_claim,
)
from residents.queries.known_by import Paper
from residents.queries.papers import Facts, alike, same_paper
from residents.schemas import (
    ClaimCase,
    ClaimList,
    ClaimPaper,
    ClaimState,
    ConfirmClaim,
    IdentifierKind,
    PaperAction,
    RefuseClaim,
    Step,
)
from residents.services.identifiers import keep_paper
from residents.services.papers import (
    bad,
    chosen,
    lock,
    make_person,
    note_step,
    read_paper,
    recorded,
)


def claim_paper(session: Session, actor: Actor, command: ClaimPaper) -> ClaimList:
    """Say who one is by a paper; the answer does not tell whether anybody is known by it. Said
    again it takes the place of what waits. ``count_check`` came before.

    Raises Denied, NotFound, Invalid.
    """
    resource = person_resource(actor.account_id, "000000")
    require(session, actor, PaperAction.CLAIM, resource)
    paper, facts = read_paper(command)
    if command.institution_id not in {each.id for each in serving_institutions(session)}:
        raise bad("institution_id", N_("请选择服务您居住地的机构。"))
    now = clock.now()
    session.execute(
        update(PaperClaim)
        .where(PaperClaim.account_id == actor.account_id, PaperClaim.state == ClaimState.WAITING)
        .values(state=ClaimState.WITHDRAWN.value, settled_at=now)
    )
    row = PaperClaim(
        id=new_id(),
        account_id=actor.account_id,
        kind=paper.kind.value,
        issuer=paper.issuer,
        number=paper.number,
        number_index=paper.index,
        name=facts.name,
        sex=facts.sex,
        birth_date=facts.birth_date,
        division_code=get_division(session, command.division_code).code,
        institution_id=command.institution_id,
        state=ClaimState.WAITING.value,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return ClaimList(items=list_own_claims(session, actor))


def withdraw_claim(session: Session, actor: Actor, claim_id: UUID) -> ClaimList:
    """No longer say so; withdrawn twice is once. Raises NotFound, Conflict ``claim_settled``."""
    row = session.get(PaperClaim, claim_id, with_for_update=True)
    if row is None or row.account_id != actor.account_id:
        raise NotFound()
    own = claim_resource(row.id, account_id=row.account_id)
    require(session, actor, PaperAction.WITHDRAW_CLAIM, own)
    if row.state != ClaimState.WITHDRAWN:
        _must_wait(row)
        row.state, row.settled_at = ClaimState.WITHDRAWN.value, clock.now()
        session.flush()
    return ClaimList(items=list_own_claims(session, actor))


def confirm_claim(
    session: Session, actor: Actor, claim_id: UUID, command: ConfirmClaim
) -> ClaimCase:
    """Staff saw the paper: the account is from now on that of the person, who is registered where
    nobody known is they. Confirmed twice is once.

    Raises NotFound, Denied, Invalid ``bad_registration``, Conflict ``claim_settled``,
    ``number_of_another``, ``person_has_account``, ``phone_on_record`` or ``already_verified``.
    """
    row = _to_check(session, actor, claim_id)
    if row.state != ClaimState.CONFIRMED:
        _must_wait(row)
        paper = Paper(IdentifierKind(row.kind), row.number, row.issuer)
        person = _person(session, actor, row, paper, command)
        resource = resource_of_claim(session, row, person.id)
        require(session, actor, PaperAction.CHECK_CLAIM, resource)
        _join(session, row, person)
        note_step(session, actor, person, Step.VERIFIED, paper.kind)
        row.state, row.person_id, row.settled_at = (
            ClaimState.CONFIRMED.value,
            person.id,
            clock.now(),
        )
        row.checked_by, row.checked_by_name = actor.account_id, actor.name
        session.flush()
    return claim_case(session, actor, row, resource_of_claim(session, row))


def refuse_claim(session: Session, actor: Actor, claim_id: UUID, command: RefuseClaim) -> ClaimCase:
    """The paper does not show it; the applicant sees why. Refused twice is once, by the first
    reason. Raises NotFound, Denied, Conflict ``claim_settled``.
    """
    row = _to_check(session, actor, claim_id)
    if row.state != ClaimState.REFUSED:
        _must_wait(row)
        row.state, row.reason = ClaimState.REFUSED.value, command.reason
        row.settled_at = clock.now()
        row.checked_by, row.checked_by_name = actor.account_id, actor.name
        session.flush()
    return claim_case(session, actor, row, resource_of_claim(session, row))


def lapse_claims(session: Session) -> None:
    """Close the claims whose paper nobody came to show."""
    session.execute(
        update(PaperClaim)
        .where(claims_over())
        .values(state=ClaimState.LAPSED.value, settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _to_check(session: Session, actor: Actor, claim_id: UUID) -> PaperClaim:
    row = session.get(PaperClaim, claim_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound()
    require(session, actor, PaperAction.CHECK_CLAIM, resource_of_claim(session, row))
    return row


def _must_wait(row: PaperClaim) -> None:
    if claim_state(row) is not ClaimState.WAITING:
        raise Conflict("claim_settled", N_("这项申请已经有了结果或已过期，请刷新后查看。"))


def _person(
    session: Session, actor: Actor, row: PaperClaim, paper: Paper, command: ConfirmClaim
) -> Person:
    """Whose the paper is: who was chosen, or somebody new."""
    facts = Facts(row.name, row.sex, row.birth_date)
    lock(session, paper, facts)
    found = alike(session, facts, same_paper(session, paper, facts))
    person = chosen(session, found, command.same, anew=command.anew)
    if person is not None:
        keep_paper(session, actor, person, recorded(paper))
        return person
    if found and not command.anew:
        raise bad("same", N_("有相像的居民已登记。请核对后选择是哪一位，或选择都不是。"))
    return make_person(session, actor, paper, facts, row.division_code)


def _join(session: Session, row: PaperClaim, person: Person) -> None:
    """The account is the person's, and the phone that it proved is theirs: staff saw both. Where
    another phone is registered its owner has their say first, as whenever a desk changes one.
    """
    if accounts_of_people(session, [person.id]):
        raise Conflict(
            "person_has_account",
            N_("这位居民已有登录账号。手机号换了的，请用“账号找回”；不要另开一个账号。"),
        )
    _, phone = person_and_phone(session, row.account_id)
    if person.phone_index is not None and (
        phone is None or person.phone_index != phone_index(phone)
    ):
        raise Conflict(
            "phone_on_record",
            N_(
                "这位居民登记的是另一个手机号。请先在“登记手机号”里更换，原号码的主人有一天可以反对；"
                "换好后再来确认。"
            ),
        )
    link_person(session, row.account_id, person.id, person.name)
    if phone:
        person.phone, person.phone_index = phone, phone_index(phone)
    person.verified_at = person.verified_at or clock.now()
    session.flush()
