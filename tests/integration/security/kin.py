"""What both sides see of who acts for whom, and institutions of requests to act."""

from collections.abc import Iterator
from itertools import cycle, pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.access import Actor, Resource
from core.ids import new_id
from directory.models import Institution
from residents.models import Binding, Person, PhoneChange, Representation
from residents.queries import consent_resource, family_of, list_consents, live
from residents.queries.bindings import (
    binding_resource,
    list_bindings,
    list_own_bindings,
    resource_of,
)
from residents.queries.claims import list_claims, resource_of_claim
from residents.queries.duplicates import list_duplicates, resources_of
from residents.queries.phones import list_phone_changes, phone_resource
from residents.schemas import (
    BindingAction,
    BindingSearch,
    BindingState,
    ClaimSearch,
    ConsentAction,
    DuplicateAction,
    DuplicateSearch,
    PairState,
    PaperAction,
    PhoneAction,
    PhoneSearch,
)
from tests.factories.residents import make_claim, make_duplicate
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def families(session: Session, region: Region) -> list[Listing]:
    """Who may act for whom, to both sides; and those for whom one may act. Verified people only."""
    in_force = session.scalars(select(Representation).where(live())).all()
    consents = {row.id: consent_resource(row) for row in in_force}

    def both_sides(actor: Actor) -> Iterator[UUID]:
        yield from (row.id for row in list_consents(session, actor))
        acting = (row.representation_id for row in family_of(session, actor, None))
        yield from (each for each in acting if each)

    return [Listing("consents", both_sides, consents, ConsentAction.READ)]


def pairs_of_records(session: Session, region: Region) -> list[Listing]:
    """Records that may be of one person, to the staff of where either lives; not one's own."""
    people = session.scalars(select(Person).order_by(Person.id)).all()
    made = [
        make_duplicate(session, one, other, state=state.value, decided_at=decided)
        for (one, other), (state, decided) in zip(
            pairwise(people), cycle(((PairState.WAITING, None), (PairState.LATER, clock.now())))
        )
    ]
    resources = {pair.id: resources_of(session, pair)[0] for pair in made}

    def listed(actor: Actor) -> Iterator[UUID]:
        for state in PairState:
            search = DuplicateSearch(state=state)
            found = pages(lambda page: list_duplicates(session, actor, page), search)
            yield from (row.id for row in found)

    return [Listing("duplicates", listed, resources, DuplicateAction.READ)]


def paper_claims(session: Session, region: Region) -> list[Listing]:
    """Accounts that say who they are by a paper, to the institutions that see it."""
    made = [
        make_claim(session, hospital.id, state=state)
        for hospital in region.hospitals
        for state in ("waiting", "withdrawn")
    ]

    def listed(actor: Actor) -> Iterator[UUID]:
        for settled in (False, True):
            search = ClaimSearch(settled=settled)
            found = pages(lambda page: list_claims(session, actor, page), search)
            yield from (row.id for row in found)

    resources = {claim.id: resource_of_claim(session, claim) for claim in made}
    return [Listing("paper claims", listed, resources, PaperAction.READ_CLAIM, as_staff=True)]


def bindings(session: Session, region: Region) -> list[Listing]:
    """Requests, to the institutions that check them and to those who asked."""

    def checked(actor: Actor) -> Iterator[UUID]:
        for settled in (False, True):
            search = BindingSearch(settled=settled)
            found = pages(lambda page: list_bindings(session, actor, page), search)
            yield from (row.id for row in found)

    def of_applicant(row: Binding) -> Resource:
        return binding_resource(row.id, representative_id=row.representative_id)

    rows = session.scalars(select(Binding)).all()
    waiting = [row for row in rows if row.state == BindingState.WAITING]
    return [
        Listing("bindings", checked, {row.id: resource_of(session, row) for row in rows},
                BindingAction.READ, as_staff=True),
        Listing("own bindings", lambda actor: (
            row.id for row in list_own_bindings(session, actor)),
            {row.id: of_applicant(row) for row in waiting}, BindingAction.READ),
    ]  # fmt: skip


def phones(session: Session, region: Region) -> list[Listing]:
    """Changes of registered phones, to the institutions that see people; not one's own."""
    people = session.scalars(select(Person).order_by(Person.id).limit(40)).all()
    staff = session.scalars(select(Account.id).order_by(Account.id)).first()
    places = cycle(session.scalars(select(Institution.id).order_by(Institution.id)).all())
    made = [
        PhoneChange(
            id=new_id(),
            person_id=person.id,
            institution_id=place,
            paper="id_card",
            new_phone="19900000000",
            challenge_id=new_id(),
            state="done",
            recorded_by=staff,
            recorded_by_name="登记员",
            created_at=clock.now(),
        )
        for person, place in zip(people, places, strict=False)
    ]
    session.add_all(made)
    session.flush()
    resources = {
        row.id: phone_resource(session, row.id, row.institution_id, row.person_id) for row in made
    }

    def listed(actor: Actor) -> Iterator[UUID]:
        found = pages(lambda page: list_phone_changes(session, actor, page), PhoneSearch())
        yield from (row.id for row in found)

    return [Listing("phones", listed, resources, PhoneAction.READ)]
