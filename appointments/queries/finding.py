"""From a word to places that are free: symptoms lead to specialties, these to departments."""

from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from appointments.models import Symptom
from appointments.queries.offers import (
    CLINIC,
    IN_SERVICE,
    SLOT,
    SLOTS,
    department_offers,
    in_strip,
    slot_view,
)
from appointments.schemas import (
    DepartmentOffer,
    Finding,
    Found,
    Offer,
    Order,
    SlotView,
)
from core import clock
from directory.public import find_centre, find_departments, find_doctors
from directory.schemas import FoundDepartment

# The specialties that treat most of what has the symptom; the rest would only confuse.
MOST_SPECIALTIES = 4
MOST_WORDS = 6
MOST_DOCTORS = 12
EARTH_KM = 6371.0
NOTHING = DepartmentOffer(free=0, earliest=None)
# What was typed is part of a word, or a sentence that holds one.
WORDS = (
    select(Symptom.word, Symptom.specialty_code, Symptom.diseases, Symptom.urgent)
    .where(
        or_(
            func.strpos(Symptom.word, bindparam("text")) > 0,
            func.strpos(bindparam("text"), Symptom.word) > 0,
        )
    )
    .order_by(Symptom.diseases.desc(), Symptom.word, Symptom.specialty_code)
)


def find(session: Session, finding: Finding) -> Found:
    """Departments by what is free first or nearest, and doctors of that name; nothing without a
    word. Public, so nothing is scoped to an actor.
    """
    text = (finding.q or "").strip()
    if not text:
        return Found(words=[], urgent=False, offers=[], doctors=[])
    rows = session.execute(WORDS, {"text": text}).all()
    weights: dict[str, int] = {}
    for row in rows:
        weights[row.specialty_code] = weights.get(row.specialty_code, 0) + row.diseases
    specialties = sorted(weights, key=lambda code: (-weights[code], code))[:MOST_SPECIALTIES]
    departments = find_departments(session, text, specialties)
    free = department_offers(session, [department.id for department in departments])
    here = find_centre(session, finding.near) if finding.near else None
    offers = [_offer(each, free.get(each.id, NOTHING), here) for each in departments]
    return Found(
        words=list(dict.fromkeys(row.word for row in rows))[:MOST_WORDS],
        urgent=any(row.urgent for row in rows),
        offers=sorted(offers, key=_by_distance if finding.order is Order.NEAREST else _by_time),
        doctors=find_doctors(session, text, MOST_DOCTORS),
    )


def list_doctor_slots(session: Session, staff_id: UUID) -> list[SlotView]:
    """The slots of a doctor in the coming days, by time."""
    query = SLOTS.where(
        CLINIC.c.staff_id == staff_id,
        CLINIC.c.date >= clock.today(),
        *in_strip(clock.today()),
        IN_SERVICE,
    ).order_by(SLOT.c.starts_at)
    return [slot_view(row) for row in session.execute(query)]


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between two points (longitude, latitude) on the globe, in kilometres."""
    east, north = (radians(part) for part in one)
    further_east, further_north = (radians(part) for part in other)
    across = sin((further_north - north) / 2) ** 2
    along = cos(north) * cos(further_north) * sin((further_east - east) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(across + along))


def _offer(
    department: FoundDepartment, free: DepartmentOffer, here: tuple[float, float] | None
) -> Offer:
    away = None
    if here and department.longitude is not None and department.latitude is not None:
        there = (float(department.longitude), float(department.latitude))
        away = round(distance_km(here, there), 1)
    return Offer(
        department_id=department.id,
        department_name=department.name,
        department_name_en=department.name_en,
        institution_id=department.institution_id,
        institution_name=department.institution_name,
        level=department.level,
        example=department.example,
        free=free.free,
        earliest=free.earliest,
        distance_km=away,
    )


def _by_time(offer: Offer) -> tuple[bool, float, float]:
    moment = offer.earliest.timestamp() if offer.earliest else 0
    return (offer.earliest is None, moment, offer.distance_km or 0)


def _by_distance(offer: Offer) -> tuple[bool, bool, float, float]:
    away = offer.distance_km
    return (offer.free == 0, away is None, away or 0, _by_time(offer)[1])
