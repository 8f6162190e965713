"""Reads of residents at a device of the staff."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource
from core.errors import Conflict, NotFound
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.models import Contract, Presence
from family_doctor.queries.field import OF_AGE
from family_doctor.queries.rules import rule_for
from family_doctor.queries.signatories import SIGNING
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    PresenceDetail,
    PresenceLine,
    PresenceState,
    PresenceView,
    RuleView,
    SignerView,
)
from family_doctor.states import LIVE, State
from residents.public import Person, is_ward, people_by_id, standers
from residents.schemas import PersonView, age_on

EXISTS = N_("这位居民已经有一份签约或申请，一个人同时只能签一个团队。")
# How many of one's own that are not finished the page shows.
MOST_OPEN = 10


def presence_resource(
    row: Presence, team: TeamView, signers: Collection[UUID | None] = ()
) -> Resource:
    """A resident at a device as the policy sees them: in the team, with who is to sign for them."""
    kin = sorted(str(each) for each in signers if each)
    return Resource(
        "Presence", str(row.id), row.person_id, panel_resource(team).units, {"kin": kin}
    )


def get_presence(session: Session, actor: Actor, presence_id: UUID) -> Presence:
    """A resident at the actor's device; another's device shows nothing. Raises NotFound."""
    row = session.get(Presence, presence_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound()
    return row


def presence_view(row: Presence) -> PresenceView:
    """A resident at a device, as its holder sees it."""
    copied = {name: getattr(row, name) for name in COPIED}
    digest = row.agreement_digest
    return PresenceView(
        **copied, state=_state(row), agreement_sha256=digest.hex() if digest else None
    )


COPIED = tuple(set(PresenceView.model_fields) - {"state", "agreement_sha256"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person is a ward, has any contract or application, and the one in force that may be
    renewed with the team now.
    """

    ward: bool
    contracted: bool
    old: Contract | None

    def renewed(self) -> Contract | None:
        """What is renewed; None where all is new. Raises Conflict ``contract_exists``."""
        if self.contracted and self.old is None:
            raise Conflict("contract_exists", EXISTS)
        return self.old


def standing_of(session: Session, team: TeamView, rule: RuleView, person_id: UUID) -> Standing:
    """How a person stands towards the team under its rule, with one statement. A contract beside
    which another waits is not renewed.
    """
    live = and_(Contract.person_id == Person.id, Contract.state.in_(LIVE))
    query = select(is_ward(), Contract).select_from(Person).outerjoin(Contract, live)
    rows = session.execute(query.where(Person.id == person_id)).all()
    first = rows[0][1]
    old = first if first is not None and len(rows) == 1 else None
    near = clock.today() + timedelta(days=rule.expiring_days)
    if old is not None and (
        old.team_id != team.id
        or old.state not in (State.ACTIVE, State.EXPIRING)
        or (old.ends_on or near) > near
    ):
        old = None
    return Standing(rows[0][0], first is not None, old)


def describe_presence(
    session: Session, row: Presence, person: PersonView, standing: Standing
) -> PresenceDetail:
    """With who may sign. The caller has read the row as its holder."""
    needs = standing.ward or age_on(person.birth_date, clock.today()) < OF_AGE
    known = standers(session, {person.id}, SIGNING).get(person.id, []) if needs else []
    signers = [
        SignerView(person_id=each.person.id, name=each.person.name, relation=each.relation)
        for each in known
    ]
    return PresenceDetail(
        **presence_view(row).model_dump(), name=person.name, needs_signer=needs, signers=signers
    )


def get_detail(session: Session, actor: Actor, presence_id: UUID) -> PresenceDetail:
    """The actor's resident at the device, and who may sign. Raises NotFound."""
    row = get_presence(session, actor, presence_id)
    person = people_by_id(session, {row.person_id})[row.person_id]
    team = get_team(session, row.team_id)
    standing = standing_of(session, team, rule_for(session, team.institution_id), person.id)
    return describe_presence(session, row, person, standing)


def list_open(session: Session, actor: Actor, team: TeamView) -> list[PresenceLine]:
    """Whom the actor began with in this team and has not finished in time, the newest first: what
    was begun at a desk goes on at a tablet.
    """
    query = (
        select(Presence, Person.name)
        .join(Person, Person.id == Presence.person_id)
        .where(
            Presence.account_id == actor.account_id,
            Presence.team_id == team.id,
            Presence.contract_id.is_(None),
            Presence.expires_at > clock.now(),
        )
        .order_by(Presence.begun_at.desc())
        .limit(MOST_OPEN)
    )
    return [
        PresenceLine(id=row.id, name=name, state=_state(row), begun_at=row.begun_at)
        for row, name in session.execute(query)
    ]


def _state(row: Presence) -> PresenceState:
    if row.contract_id is not None:
        return PresenceState.DONE
    if row.signed_at is not None:
        return PresenceState.SIGNED
    return PresenceState.PREPARED if row.prepared_at is not None else PresenceState.BEGUN
