"""Referrals as either side and the patient may see them, and counts for statistics."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral, ReferralEntry
from appointments.queries.bookings import find_booking, units_of
from appointments.queries.offers import SLOT
from appointments.queries.referral_state import due_soon, was_patient
from appointments.referral_states import (
    TO_ANSWER,
    TO_FOLLOW,
    UNDECIDED,
    WITH_DEADLINE,
    Party,
    ReferralState,
    ReferralStep,
    origins,
    steps,
)
from appointments.schemas import (
    Direction,
    Folder,
    Proposal,
    ReferralAction,
    ReferralFilter,
    ReferralQuery,
    ReferralRow,
    ReferralView,
    State,
    StepView,
)
from core import clock
from core.access import Actor, Resource, Role, decide, require
from core.errors import NotFound
from core.paging import Page, PageQuery, read_page
from core.searching import SearchQuery, any_contains
from directory.public import division_path, division_prefix, get_department, get_institution
from directory.schemas import InstitutionView
from residents.public import Person, care_units, matches, representatives_of, represented_by

REFERRAL = Referral.__table__
PERSON = Person.__table__
VISIT = Booking.__table__
TEAM_ROLES = (Role.LEADER, Role.MEMBER)
STAFF_ROLES = (*TEAM_ROLES, Role.REGISTRAR)
NEWEST: list[ColumnElement[Any]] = [REFERRAL.c.sent_at, REFERRAL.c.id]
# Which decision of the policy opens the steps of a side.
ACTIONS = {
    Party.RECEIVER: ReferralAction.DECIDE,
    Party.SENDER: ReferralAction.FOLLOW,
    Party.PATIENT: ReferralAction.REFUSE,
}
# What only those who treat the patient read.
CLINICAL = ("reason", "summary", "medicines", "watch", "next_check")
# Steps of a hospital's clinics; none of them on the way down.
UP_ONLY = frozenset({ReferralStep.PLACE})
ROWS = (
    select(
        REFERRAL.c.direction,
        REFERRAL.c.state,
        REFERRAL.c.urgency,
        REFERRAL.c.person_id,
        PERSON.c.name.label("person_name"),
        PERSON.c.sex,
        PERSON.c.birth_date,
        REFERRAL.c.from_name,
        REFERRAL.c.to_name,
        REFERRAL.c.department_name,
        REFERRAL.c.department_name_en,
        REFERRAL.c.answer_by,
        REFERRAL.c.example,
        VISIT.c.starts_at.label("visit_at"),
        *NEWEST,
    )
    .join_from(REFERRAL, PERSON, PERSON.c.id == REFERRAL.c.person_id)
    .outerjoin(VISIT, and_(VISIT.c.id == REFERRAL.c.booking_id, VISIT.c.state != State.CANCELLED))
)


def timed(step: ReferralStep) -> bool:
    """Whether a step can only be taken before the deadline."""
    return step is not ReferralStep.LAPSE and set(origins(step)) <= set(UNDECIDED)


def new_resource(person_id: UUID, **more: object) -> Resource:
    """A referral that is yet to be made, as the policy sees it."""
    return Resource("Referral", str(person_id), person_id, more=_parts(**more))


def referral_resource(referral: Referral, kin: Collection[str] = ()) -> Resource:
    """A referral as the policy sees it: its two ends, each a team or a desk."""
    sender = _units(referral.from_team_id, referral.from_institution_id, referral.from_division)
    receiver = _units(referral.to_team_id, referral.to_institution_id, referral.division_code)
    more = _parts(
        kin=list(kin),
        **{"from_teams" if referral.from_team_id else "from_desks": sender},
        **{"to_teams" if referral.to_team_id else "to_desks": receiver},
    )
    return Resource("Referral", str(referral.id), referral.person_id, more=more)


def require_care(session: Session, actor: Actor, person_id: UUID) -> tuple[str, ...]:
    """The units that care for somebody whom the actor may refer up, their team first. Raises
    Denied.
    """
    care = care_units(session, person_id)
    resource = new_resource(person_id, care=sorted(care))
    require(session, actor, ReferralAction.SEND_UP, resource)
    return care


def require_patient(
    session: Session, actor: Actor, person_id: UUID, institution: InstitutionView
) -> None:
    """The person is a patient of an institution whose desk the actor keeps. Raises Denied."""
    resource = new_resource(
        person_id,
        from_desks=list(units_of(institution.id, institution.division_code)),
        patient=was_patient(session, person_id, institution.id),
    )
    require(session, actor, ReferralAction.SEND_DOWN, resource)


def find_referral(session: Session, referral_id: UUID) -> Referral:
    """The row as it is now, for this room's own work. Raises NotFound."""
    referral = session.get(Referral, referral_id, populate_existing=True)
    if referral is None:
        raise NotFound()
    return referral


def resource_of(session: Session, actor: Actor, referral: Referral) -> Resource:
    """As ``referral_resource``, with who may act for the patient; looked up only where that can
    be the actor.
    """
    other = actor.person_id is not None and actor.person_id != referral.person_id
    kin = representatives_of(session, referral.person_id) if other else ()
    return referral_resource(referral, sorted(map(str, kin)))


def get_referral(session: Session, actor: Actor, referral_id: UUID) -> ReferralView:
    """One referral with its course. Raises NotFound or Denied."""
    found = session.execute(
        ONE, {"referral": referral_id}, execution_options={"populate_existing": True}
    ).one_or_none()
    if found is None:
        raise NotFound()
    referral: Referral = found[0]
    resource = resource_of(session, actor, referral)
    require(session, actor, ReferralAction.READ, resource)
    clinical, _ = decide(actor, ReferralAction.READ_CLINICAL, resource)
    if clinical:
        require(session, actor, ReferralAction.READ_CLINICAL, resource)
    booking = find_booking(session, referral.booking_id) if referral.booking_id else None
    live = booking is not None and booking.state is not State.CANCELLED
    codes = [code for code in referral.criteria.split(",") if code]
    return ReferralView.model_validate(
        {
            **{name: getattr(referral, name) for name in COPIED},
            **{name: getattr(referral, name) if clinical else None for name in CLINICAL},
            "person_name": found.person_name,
            "sex": found.sex,
            "birth_date": found.birth_date,
            "visit_at": booking.starts_at if booking and live else None,
            "criteria": codes if clinical else None,
            "booking": booking,
            "proposal": _proposal(session, referral),
            "steps": _course(session, referral_id, clinical=clinical),
            "allowed": _allowed(actor, referral, resource),
        }
    )


def list_referrals(session: Session, actor: Actor, query: ReferralQuery) -> Page[ReferralRow]:
    """What the actor's teams and desks received or sent, newest first; those due soon by their
    deadline's order of sending. Raises Denied for one without a team or a desk.
    """
    _require_lists(session, actor)
    scope = received_by(actor) if query.folder is Folder.RECEIVED else sent_by(actor)
    found = ROWS.where(scope)
    if query.part:
        found = found.where(_part(query.part))
    if query.search:
        found = found.where(or_(matches(query.search), _place_named(query.search)))
    return _page(session, found, query)


def referrals_of(session: Session, actor: Actor, person_id: UUID) -> list[ReferralRow]:
    """The last referrals of a person that the actor's teams and desks sent or received, newest
    first. Raises Denied for one without a team or a desk.
    """
    _require_lists(session, actor)
    ours = or_(received_by(actor), sent_by(actor))
    found = ROWS.where(REFERRAL.c.person_id == person_id, ours)
    return _page(session, found, PageQuery(limit=LAST)).items


def list_own_referrals(session: Session, actor: Actor, query: SearchQuery) -> Page[ReferralRow]:
    """The actor's own referrals and those of people they may act for, newest first."""
    if actor.person_id is None:
        return Page(items=[])
    family = represented_by(session, actor.person_id) if actor.verified else ()
    for person_id in (actor.person_id, *sorted(family)):
        kin = [] if person_id == actor.person_id else [str(actor.person_id)]
        require(session, actor, ReferralAction.READ, new_resource(person_id, kin=kin))
    people = [actor.person_id, *family]
    found = ROWS.where(REFERRAL.c.person_id.in_(people))
    if query.search:
        found = found.where(_place_named(query.search))
    return _page(session, found, query)


def referrals_waiting(actor: Actor) -> Select[int]:
    """How many referrals wait for the actor, as receiver or as sender."""
    ours = or_(
        and_(REFERRAL.c.state.in_(TO_ANSWER), received_by(actor)),
        and_(REFERRAL.c.state.in_(TO_FOLLOW), sent_by(actor)),
    )
    # In words the partial index knows: only what has a deadline.
    return select(func.count()).where(REFERRAL.c.state.in_(WITH_DEADLINE), ours)


def received_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that one of the actor's teams or desks receives the referral."""
    place = (REFERRAL.c.to_institution_id, REFERRAL.c.division_code)
    team = REFERRAL.c.to_team_id
    return or_(
        and_(team.is_(None), _within(actor.units(Role.REGISTRAR), *place)),
        and_(team.is_not(None), _within(actor.units(*TEAM_ROLES), *place, team)),
    )


def sent_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that one of the actor's teams or desks sent the referral."""
    place = (REFERRAL.c.from_institution_id, REFERRAL.c.from_division)
    team = REFERRAL.c.from_team_id
    return or_(
        and_(team.is_(None), _within(actor.units(Role.REGISTRAR), *place)),
        and_(team.is_not(None), _within(actor.units(*TEAM_ROLES), *place, team)),
    )


ONE = (
    select(Referral, PERSON.c.name.label("person_name"), PERSON.c.sex, PERSON.c.birth_date)
    .join(PERSON, PERSON.c.id == Referral.person_id)
    .where(Referral.id == bindparam("referral"))
)
# How many a person's page names.
LAST = 5
# What every reader of a referral sees of its row.
COPIED = (
    "id",
    "direction",
    "state",
    "urgency",
    "person_id",
    "from_name",
    "to_name",
    "department_name",
    "department_name_en",
    "sent_at",
    "answer_by",
    "example",
    "version",
    "from_team_id",
    "from_institution_id",
    "to_team_id",
    "to_institution_id",
    "to_department_id",
)


def _parts(**known: object) -> dict[str, object]:
    names = ("kin", "care", "from_teams", "from_desks", "to_teams", "to_desks")
    return {**{name: [] for name in names}, "patient": False, **known}


def _units(team_id: UUID | None, institution_id: UUID, division: str) -> list[str]:
    team = [str(team_id)] if team_id else []
    return [*team, str(institution_id), *division_path(division)]


def _within(units: Iterable[str], institution: Any, division: Any, team: Any = None) -> Any:
    named = set(units)
    divisions = sorted(unit for unit in named if unit.isdigit())
    others = sorted(named.difference(divisions))
    parts = [division.startswith(division_prefix(code)) for code in divisions]
    if others:
        ends = (institution,) if team is None else (institution, team)
        parts += [cast(end, Text).in_(others) for end in ends]
    return or_(false(), *parts)


def _require_lists(session: Session, actor: Actor) -> None:
    units = sorted(actor.units(*STAFF_ROLES)) or [""]
    for unit in units:
        desk = Resource("ReferralDesk", unit, units=(unit,))
        require(session, actor, ReferralAction.READ_LISTS, desk)


def _place_named(text: str) -> ColumnElement[bool]:
    """One of the places between which somebody was referred has ``text`` in its name."""
    places = (REFERRAL.c.from_name, REFERRAL.c.to_name, REFERRAL.c.department_name)
    return any_contains(text, *places)


def _part(part: ReferralFilter) -> ColumnElement[bool]:
    return {
        ReferralFilter.NEW: REFERRAL.c.state.in_(TO_ANSWER),
        ReferralFilter.DUE: due_soon(),
        ReferralFilter.ASKED: REFERRAL.c.state.in_(TO_FOLLOW),
        ReferralFilter.DECIDED: REFERRAL.c.state.not_in(WITH_DEADLINE),
    }[part]


def _page(session: Session, found: Select[Any], query: PageQuery) -> Page[ReferralRow]:
    rows, following = read_page(session, found, NEWEST, query, descending=True)
    return Page(
        items=[ReferralRow.model_validate(row._mapping) for row in rows], next_cursor=following
    )


def _allowed(actor: Actor, referral: Referral, resource: Resource) -> list[ReferralStep]:
    state = ReferralState(referral.state)
    found: set[ReferralStep] = set()
    for side, action in ACTIONS.items():
        if possible := steps(state, side):
            found |= possible if decide(actor, action, resource)[0] else set()
    if referral.direction == Direction.DOWN:
        found -= UP_ONLY
    # The one word for the sender's yes: where it leads follows from what was proposed.
    found.discard(ReferralStep.REDIRECT)
    if clock.now() >= referral.answer_by:
        found = {step for step in found if not timed(step)}
    return [step for step in ReferralStep if step in found]


def _proposal(session: Session, referral: Referral) -> Proposal | None:
    if referral.proposed_institution_id is None:
        return None
    department_id = referral.proposed_department_id
    department = get_department(session, department_id) if department_id else None
    institution = get_institution(session, referral.proposed_institution_id)
    starts_at: datetime | None = None
    if referral.proposed_slot_id:
        starts_at = session.execute(
            select(SLOT.c.starts_at).where(SLOT.c.id == referral.proposed_slot_id)
        ).scalar_one()
    return Proposal(
        institution_id=institution.id,
        institution_name=institution.name,
        department_id=department.id if department else None,
        department_name=department.name if department else None,
        department_name_en=department.name_en if department else None,
        slot_id=referral.proposed_slot_id,
        starts_at=starts_at,
    )


def _course(session: Session, referral_id: UUID, *, clinical: bool) -> list[StepView]:
    query = (
        select(ReferralEntry)
        .where(ReferralEntry.referral_id == referral_id)
        .order_by(ReferralEntry.version)
    )
    return [
        StepView(
            step=ReferralStep(entry.step) if entry.step else None,
            state=ReferralState(entry.state),
            at=entry.at,
            actor_name=entry.actor_name,
            note=entry.note if clinical else None,
        )
        for entry in session.scalars(query)
    ]
