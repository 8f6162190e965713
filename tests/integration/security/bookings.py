"""Bookings and referrals: what residents, desks and both sides of a referral see."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral
from appointments.queries.bookings import list_bookings, units_of
from appointments.queries.day_list import desk_institutions, list_day
from appointments.queries.desk import find_patients
from appointments.queries.referrals import (
    list_own_referrals,
    list_referrals,
    received_by,
    referral_resource,
    sent_by,
)
from appointments.schemas import Action as Visit
from appointments.schemas import (
    BookingQuery,
    DayListQuery,
    DeskAction,
    FindPatient,
    Folder,
    ReferralAction,
    ReferralQuery,
)
from appointments.schemas import State as BookingState
from core.access import Actor, Resource
from core.errors import Denied
from core.searching import SearchQuery
from directory.models import Institution
from directory.public import list_institutions
from directory.schemas import InstitutionSearch
from family_doctor.queries.contracts import care_units
from residents.queries import representatives_of
from tests.factories.residents import number_of
from tests.integration.security.listing import Key, Listing, pages
from tests.integration.security.region import Region


def visits(session: Session, region: Region) -> list[Listing]:
    """What residents and desks see of bookings."""

    def bookings(actor: Actor) -> Iterator[UUID]:
        own = pages(lambda page: list_bookings(session, actor, page), BookingQuery())
        yield from (booking.id for booking in own)
        for person_id in sorted(patients):
            with suppress(Denied):
                yield from (
                    booking.id
                    for booking in list_bookings(
                        session, actor, BookingQuery(person_id=person_id)
                    ).items
                )
        for hospital in region.hospitals:
            for day in region.days:
                query = DayListQuery(institution_id=hospital.id, date=day)
                desk = pages(lambda page: list_day(session, actor, page), query)
                yield from (row.booking_id for row in desk)

    desks = {
        hospital.id: Resource("DayList", "", units=units_of(hospital.id, hospital.division_code))
        for hospital in session.scalars(select(Institution).where(Institution.bookable))
    }
    live = session.scalars(select(Booking).where(Booking.state != BookingState.CANCELLED)).all()
    patients = {row.person_id for row in live}
    circles = {
        person_id: {
            "kin": sorted(map(str, representatives_of(session, person_id))),
            "care": sorted(care_units(session, person_id)),
        }
        for person_id in patients
    }
    things = {
        row.id: Resource(
            "Booking",
            str(row.id),
            row.person_id,
            units_of(row.institution_id, row.division_code),
            circles[row.person_id],
        )
        for row in live
    }
    return [
        Listing("bookings", bookings, things, Visit.READ_BOOKING),
        Listing("desks", lambda actor: (
            desk.id for desk in desk_institutions(session, actor)), desks, Visit.READ_DAY_LIST),
    ]  # fmt: skip


def handovers(session: Session, region: Region) -> list[Listing]:
    """What both sides and the patients see of referrals."""

    def lists(actor: Actor) -> Iterator[UUID]:
        for folder in Folder:
            query = ReferralQuery(folder=folder)
            found = pages(lambda page: list_referrals(session, actor, page), query)
            yield from (row.id for row in found)
        own = pages(lambda page: list_own_referrals(session, actor, page), SearchQuery())
        yield from (row.id for row in own)

    def waiting(actor: Actor) -> Iterator[UUID]:
        ours = or_(received_by(actor), sent_by(actor))
        yield from session.scalars(select(Referral.id).where(ours))

    rows = list(session.scalars(select(Referral)))
    things = {
        row.id: referral_resource(row, sorted(map(str, representatives_of(session, row.person_id))))
        for row in rows
    }
    return [
        Listing("referrals", lists, things, ReferralAction.READ),
        Listing("referrals counted", waiting, things, ReferralAction.READ_CLINICAL, as_staff=True),
    ]


def at_the_desk(session: Session, region: Region) -> list[Listing]:
    """The people whom a desk finds, by the desk that looks."""
    person = region.people[0]
    command = FindPatient(name=person.name, tail=number_of(person)[-4:])
    hospitals = {
        row.id: row for row in list_institutions(session, InstitutionSearch(limit=100)).items
    }
    desks = {
        (row.id, person.id): Resource("DayList", "", units=units_of(row.id, row.division_code))
        for row in hospitals.values()
    }

    def shown(actor: Actor) -> Iterator[Key]:
        for hospital in hospitals.values():
            with suppress(Denied):
                found = find_patients(session, actor, hospital, command)
                yield from ((hospital.id, each.id) for each in found)

    return [Listing("patients at desks", shown, desks, DeskAction.FIND_PATIENT)]
