"""From a word to places that are free: symptoms lead to specialties, these to departments."""

import re
from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import TypeVar
from uuid import UUID

from sqlalchemy import bindparam, case, func, or_, select
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
from directory.public import division_centres, division_path, find_departments, find_doctors
from directory.schemas import FoundDepartment

# The specialties that treat most of what has the symptom; the rest would only confuse.
MOST_SPECIALTIES = 4
MOST_WORDS = 6
MOST_DOCTORS = 12
# As many as one reads; another word finds others.
MOST_OFFERS = 30
EARTH_KM = 6371.0
T = TypeVar("T")
NOTHING = DepartmentOffer(free=0, earliest=None)
# A word of a language with spaces begins where a word of the text does: no rash in a trash can.
KNOWN = func.lower(Symptom.word)
SPACED = case((KNOWN.regexp_match("^[a-z0-9]"), func.concat(" ", KNOWN)), else_=KNOWN)
# What was typed is part of a word, or a sentence that holds one.
WORDS = (
    select(Symptom.word, Symptom.specialty_code, Symptom.diseases, Symptom.urgent)
    .where(
        or_(
            func.strpos(SPACED, bindparam("text")) > 0,
            func.strpos(bindparam("sentence"), SPACED) > 0,
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
    rows = session.execute(WORDS, _asked(text)).all()
    weights: dict[str, int] = {}
    for row in rows:
        weights[row.specialty_code] = weights.get(row.specialty_code, 0) + row.diseases
    specialties = sorted(weights, key=lambda code: (-weights[code], code))[:MOST_SPECIALTIES]
    departments = find_departments(session, text, specialties)
    free = department_offers(session, [department.id for department in departments])
    away = _distances(session, finding.near) if finding.near else {}
    offers = [
        _offer(each, free.get(each.id, NOTHING), _known_of(away, each.division_code))
        for each in departments
    ]
    # The specialty that treats most of it comes first among what is equally soon or near.
    offers.sort(key=lambda offer: _rank(offer, specialties))
    offers.sort(key=_by_distance if finding.order is Order.NEAREST else _by_time)
    return Found(
        words=list(dict.fromkeys(row.word for row in rows))[:MOST_WORDS],
        urgent=any(row.urgent for row in rows),
        offers=offers[:MOST_OFFERS],
        doctors=find_doctors(session, text, MOST_DOCTORS),
    )


def _asked(text: str) -> dict[str, str]:
    """What is looked for among the words: as part of one, and as what holds one."""
    raw = text.lower()
    plain = " ".join(re.findall(r"[^\W_]+(?:['-][^\W_]+)*", raw)) or raw
    return {"text": f" {plain}" if raw.isascii() else raw, "sentence": f" {plain} {raw}"}


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


def _distances(session: Session, near: str) -> dict[str, float]:
    """How far the centre of each division is; one without a centre counts as what it lies in."""
    centres = division_centres(session)
    here = _known_of(centres, near)
    if here is None:
        return {}
    return {code: round(distance_km(here, there), 1) for code, there in centres.items()}


def _known_of(places: Mapping[str, T], division_code: str) -> T | None:
    """What is known of a division, else of the nearest one above it."""
    return next((places[code] for code in division_path(division_code) if code in places), None)


def _offer(department: FoundDepartment, free: DepartmentOffer, away: float | None) -> Offer:
    return Offer(
        department_id=department.id,
        department_name=department.name,
        department_name_en=department.name_en,
        specialty_code=department.specialty_code,
        institution_id=department.institution_id,
        institution_name=department.institution_name,
        level=department.level,
        example=department.example,
        free=free.free,
        earliest=free.earliest,
        distance_km=away,
    )


def _rank(offer: Offer, specialties: list[str]) -> int:
    """How well a department fits: its place among the specialties, none is the last."""
    fitting = (
        place
        for place, code in enumerate(specialties)
        if offer.specialty_code == code or offer.specialty_code.startswith(f"{code}.")
    )
    return next(fitting, len(specialties))


def _by_time(offer: Offer) -> tuple[bool, float]:
    return offer.earliest is None, offer.earliest.timestamp() if offer.earliest else 0


def _by_distance(offer: Offer) -> tuple[bool, bool, float]:
    return offer.free == 0, offer.distance_km is None, offer.distance_km or 0
