"""Invitations by phone number: who may be invited, sending, refusing."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import phone_index
from core import clock, jobs
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import find_staff_of_account, get_team
from directory.schemas import TeamView
from family_doctor.models import Contract, Invitation, InvitationStop
from family_doctor.numbers import MOST_LINES, Line, read_lines
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import Flaw, InvitationBatch, Invite, RefusedLine, WayAction
from family_doctor.states import IN_FORCE
from residents.public import Person

SEND = "family_doctor.jobs.send_invitation"


def invite(session: Session, actor: Actor, command: Invite) -> InvitationBatch:
    """Invite every number of a list that may be, and give the other lines back as they came.

    Raises NotFound, Denied, Conflict ``team_closed``, Invalid ``no_numbers`` or ``too_many_lines``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, WayAction.INVITE, panel_resource(team))
    if team.disabled:
        raise Conflict("team_closed", N_("这个团队已停止签约，不能再邀请居民。"))
    lines = read_lines(command.numbers)
    if not lines:
        raise _bad("no_numbers", N_("没有读到号码，请每行写一个手机号。"))
    if len(lines) > MOST_LINES:
        raise _bad("too_many_lines", N_("一次最多 500 行，请分几次邀请。"))
    # Two lists of a team at once are counted one after the other.
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(team.id.bytes[8:16]) >> 1)))
    rule = way_rule(session)
    left = max(rule.invitations_per_day - _invited_since(session, team.id, _today()), 0)
    indexes = {line.phone: phone_index(line.phone) for line in lines if line.phone}
    flaws = _flaws(session, team, set(indexes.values()), timedelta(days=rule.invite_again_days))
    good, refused = _part(lines, indexes, flaws, left)
    if good:
        lasting = timedelta(days=rule.invitation_days)
        _send(session, actor, team, [(phone, indexes[phone]) for phone in good], lasting)
    return InvitationBatch(invited=len(good), left_today=left - len(good), refused=refused)


def invite_again(session: Session, actor: Actor, team: TeamView, person_id: UUID) -> UUID | None:
    """Invite a resident who was signed before, by SMS; None where they have no phone number. The
    caller has asked the policy.

    Raises Conflict ``invitations_stopped`` where they want none.
    """
    person = session.get_one(Person, person_id)
    if person.phone is None or person.phone_index is None:
        return None
    if session.get(InvitationStop, person.phone_index):
        raise Conflict("invitations_stopped", N_("这位居民不想再收到邀请，请在见面时当面说。"))
    lasting = timedelta(days=way_rule(session).invitation_days)
    [sent] = _send(session, actor, team, [(person.phone, person.phone_index)], lasting)
    return sent


def refuse_invitation(session: Session, invitation: Invitation, *, never: bool) -> None:
    """Whoever holds the link says no; with ``never`` the number is invited by nobody again."""
    now = clock.now()
    session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.refused_at.is_(None))
        .values(refused_at=now)
        .execution_options(synchronize_session=False)
    )
    if never:
        stop = insert(InvitationStop).values(phone_index=invitation.phone_index, at=now)
        session.execute(stop.on_conflict_do_nothing())


def due_invitation(session: Session, invitation_id: UUID) -> tuple[str, TeamView, str] | None:
    """The phone, team and inviter of an invitation that is yet to be sent; None where it was sent
    or its number wants none any more.
    """
    row = session.get(Invitation, invitation_id)
    if row is None or row.sent_at or row.refused_at or clock.now() >= row.expires_at:
        return None
    if session.get(InvitationStop, row.phone_index):
        return None
    return row.phone, get_team(session, row.team_id), row.invited_by


def note_sent(session: Session, invitation_id: UUID) -> None:
    """The gateway took it."""
    session.execute(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.sent_at.is_(None))
        .values(sent_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _today() -> datetime:
    return clock.at(clock.today(), 0)


def _invited_since(session: Session, team_id: UUID, since: datetime) -> int:
    query = select(func.count()).select_from(Invitation)
    found = query.where(Invitation.team_id == team_id, Invitation.created_at >= since)
    return session.scalar(found) or 0


def _flaws(
    session: Session, team: TeamView, indexes: Collection[bytes], again: timedelta
) -> dict[bytes, Flaw]:
    """Why numbers may not be invited now. That somebody signed with another team is not told."""
    signed = (
        select(Person.phone_index)
        .join(Contract, Contract.person_id == Person.id)
        .where(
            Person.phone_index.in_(indexes),
            Contract.team_id == team.id,
            Contract.state.in_(IN_FORCE),
        )
    )
    lately = select(Invitation.phone_index).where(
        Invitation.phone_index.in_(indexes),
        Invitation.team_id == team.id,
        Invitation.created_at > clock.now() - again,
    )
    stopped = select(InvitationStop.phone_index).where(InvitationStop.phone_index.in_(indexes))
    found: dict[bytes, Flaw] = {}
    for query, flaw in (
        (lately, Flaw.INVITED_LATELY),
        (signed, Flaw.ALREADY_SIGNED),
        (stopped, Flaw.STOPPED),
    ):
        found |= {bytes(index): flaw for index in session.scalars(query) if index}
    return found


def _part(
    lines: Sequence[Line],
    indexes: dict[str, bytes],
    flaws: dict[bytes, Flaw],
    left: int,
) -> tuple[list[str], list[RefusedLine]]:
    good: list[str] = []
    refused = []
    for line, flaw in _judged(lines, indexes, flaws):
        if flaw is None and len(good) < left and line.phone:
            good.append(line.phone)
        else:
            why = flaw or Flaw.DAY_FULL
            refused.append(RefusedLine(line=line.number, text=line.text, flaw=why))
    return good, refused


def _judged(
    lines: Sequence[Line], indexes: dict[str, bytes], flaws: dict[bytes, Flaw]
) -> Iterator[tuple[Line, Flaw | None]]:
    seen: set[str] = set()
    for line in lines:
        if line.phone is None:
            yield line, Flaw.BAD_NUMBER
        elif line.phone in seen:
            yield line, Flaw.REPEATED
        else:
            seen.add(line.phone)
            yield line, flaws.get(indexes[line.phone])


def _send(
    session: Session,
    actor: Actor,
    team: TeamView,
    phones: Sequence[tuple[str, bytes]],
    lasting: timedelta,
) -> list[UUID]:
    staff = find_staff_of_account(session, actor.account_id)
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "team_id": team.id,
            "account_id": actor.account_id,
            "invited_by": staff.name if staff else actor.name,
            "phone": phone,
            "phone_index": index,
            "created_at": now,
            "expires_at": now + lasting,
        }
        for phone, index in phones
    ]
    session.execute(insert(Invitation), rows)
    for row in rows:
        jobs.defer_by_name(session, SEND, invitation_id=str(row["id"]))
    return [row["id"] for row in rows]


def _bad(code: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, fields={"numbers": sentence})
