"""Who looks after whom: one, many or all of a member's residents change hands in one command, with
the same few statements whatever their number; each resident is told once, by a job.
"""

from uuid import UUID

from sqlalchemy import Uuid, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from auth.public import Account
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from directory.public import accounts_of_staff, get_team, list_team_members
from directory.schemas import TeamMemberView, TeamView
from family_doctor.models import Assignment, Contract, Handover
from family_doctor.queries.assignments import moving
from family_doctor.queries.signatories import SIGNING
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import HandOver, HandoverView, TeamworkAction
from family_doctor.services.notices import LINK
from family_doctor.states import IN_FORCE
from notifications.public import notify
from residents.public import Person, last_day_as_child, representatives_of

TELL_JOB = "family_doctor.jobs.tell_handed_over"
# How many residents one transaction of the job tells.
BATCH = 200
HANDED = "/family-doctor/teamwork/handovers/{id}"
NOW_YOURS = N_("%(by)s把 %(count)s 位居民交给您负责，交接说明在这里。")
LOOKED_AFTER = N_("%(team)s由%(name)s负责照看您的健康，约服务、有疑问都可以找这位成员。")
# To those who may sign for a child, who reads no messages.
CHILD_LOOKED_AFTER = N_(
    "%(team)s由%(name)s负责照看%(person)s的健康，约服务、有疑问都可以找这位成员。"
)


def hand_over(session: Session, actor: Actor, command: HandOver) -> HandoverView:
    """Give the chosen residents to a member of the team; whom the member has already stay as they
    are. The residents are told after the commit, the member at once.

    Raises NotFound, Denied, Invalid ``nobody_chosen`` or ``not_in_team``, Conflict
    ``nobody_to_move`` (they are with the member already) or ``selection_changed``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, TeamworkAction.ASSIGN, panel_resource(team))
    if not command.chosen:
        raise Invalid("nobody_chosen", N_("请先选择要移交的居民。"))
    receiver = member_of(session, team, command.to_staff_id, "to_staff_id")
    lock_team(session, team.id)
    moved = moving(team.id, command, receiver.staff_id).order_by(Contract.id)
    contracts = list(session.scalars(moved))
    if not contracts:
        raise Conflict("nobody_to_move", N_("选中的居民已经由这位成员负责，没有需要移交的。"))
    if command.expected is not None and command.expected != len(contracts):
        raise Conflict(
            "selection_changed",
            N_("名单刚有变化，现在是 %(count)s 位居民，请核对后再移交。"),
            count=str(len(contracts)),
        )
    made = Handover(
        id=new_id(),
        team_id=team.id,
        to_staff_id=receiver.staff_id,
        to_name=receiver.name,
        residents=len(contracts),
        note=command.note,
        at=clock.now(),
        account_id=actor.account_id,
        by_name=actor.name,
    )
    session.add(made)
    session.flush()
    _assign(session, made, contracts)
    _tell_receiver(session, actor, made)
    defer_by_name(session, TELL_JOB, handover_id=str(made.id))
    return HandoverView.model_validate(made)


def member_of(session: Session, team: TeamView, staff_id: UUID, field: str) -> TeamMemberView:
    """One of the team's members in service. Raises Invalid ``not_in_team``."""
    members = list_team_members(session, team.id)
    member = next((each for each in members if each.staff_id == staff_id), None)
    if member is None:
        sentence = N_("请选择本团队的成员。")
        raise Invalid("not_in_team", sentence, fields={field: sentence})
    return member


def lock_team(session: Session, team_id: UUID) -> None:
    """Let nobody else divide the work of this team until the transaction ends."""
    key = func.hashtextextended(f"family_doctor.teamwork/{team_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def tell_residents(session: Session, handover_id: UUID) -> int:
    """Tell at most ``BATCH`` residents of a handover who looks after them now; returns how many.
    Whoever was told, or handed on meanwhile, is not.
    """
    waiting = (
        select(Assignment.id)
        .where(
            Assignment.handover_id == handover_id,
            Assignment.told_at.is_(None),
            Assignment.until.is_(None),
        )
        .order_by(Assignment.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    told = session.execute(
        update(Assignment)
        .where(Assignment.id.in_(waiting))
        .values(told_at=clock.now())
        .returning(Assignment.contract_id, Assignment.staff_name)
        .execution_options(synchronize_session=False)
    ).all()
    if not told:
        return 0
    names = {row.contract_id: row.staff_name for row in told}
    team = get_team(session, session.get_one(Handover, handover_id).team_id)
    people = (
        select(Contract.id, Person.id, Person.name, Person.birth_date)
        .join(Person, Person.id == Contract.person_id)
        .where(Contract.id.in_(names), Contract.state.in_(IN_FORCE))
    )
    for contract_id, person_id, name, born in session.execute(people):
        values = {"team": team.name, "name": names[contract_id], "person": name}
        notify(session, person_id, LOOKED_AFTER, values, LINK)
        if clock.today() <= last_day_as_child(born):
            link = f"/family-doctor/contracts/{contract_id}/application"
            for each in sorted(representatives_of(session, person_id, SIGNING)):
                notify(session, each, CHILD_LOOKED_AFTER, values, link)
    return len(told)


def carry_on(session: Session, contract_id: UUID) -> None:
    """A contract that renews another with the same team goes on with whoever looked after the
    resident; safe to repeat.
    """
    contract = session.get(Contract, contract_id)
    if contract is None or contract.previous_id is None or contract.state not in IN_FORCE:
        return
    before = session.scalar(
        select(Assignment)
        .where(
            Assignment.contract_id == contract.previous_id,
            Assignment.team_id == contract.team_id,
        )
        .order_by(Assignment.since.desc(), Assignment.id.desc())
        .limit(1)
    )
    if before is None:
        return
    going_on = postgresql.insert(Assignment).values(
        id=new_id(),
        contract_id=contract.id,
        team_id=contract.team_id,
        staff_id=before.staff_id,
        staff_name=before.staff_name,
        handover_id=before.handover_id,
        since=clock.now(),
        told_at=clock.now(),
    )
    session.execute(going_on.on_conflict_do_nothing())


def release(session: Session, contract_id: UUID) -> None:
    """A contract ended: nobody looks after its resident by it any more."""
    session.execute(
        update(Assignment)
        .where(Assignment.contract_id == contract_id, Assignment.until.is_(None))
        .values(until=clock.now())
        .execution_options(synchronize_session=False)
    )


def _assign(session: Session, made: Handover, contracts: list[UUID]) -> None:
    """End who looked after these residents and begin the receiver's time, with two statements."""
    session.execute(
        update(Assignment)
        .where(Assignment.contract_id.in_(contracts), Assignment.until.is_(None))
        .values(until=made.at)
        .execution_options(synchronize_session=False)
    )
    ids = postgresql.array([new_id() for _ in contracts], type_=Uuid())
    of = postgresql.array(contracts, type_=Uuid())
    rows = func.unnest(ids, of).table_valued("id", "contract_id").render_derived()
    values = select(
        rows.c.id,
        rows.c.contract_id,
        literal(made.team_id),
        literal(made.to_staff_id),
        literal(made.to_name),
        literal(made.id),
        literal(made.at),
    )
    columns = ["id", "contract_id", "team_id", "staff_id", "staff_name", "handover_id", "since"]
    session.execute(insert(Assignment).from_select(columns, values, include_defaults=False))


def _tell_receiver(session: Session, actor: Actor, made: Handover) -> None:
    """The member is told, unless they gave the residents to themself."""
    account_id = accounts_of_staff(session, {made.to_staff_id}).get(made.to_staff_id)
    if account_id is None or account_id == actor.account_id:
        return
    person_id = session.scalar(select(Account.person_id).where(Account.id == account_id))
    if person_id:
        values = {"by": actor.name, "count": str(made.residents)}
        notify(session, person_id, NOW_YOURS, values, HANDED.format(id=made.id))
