"""A mother buys for her child, sees what was done and answers for it; nobody else does."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Denied
from notifications.models import Message
from notifications.schemas import MessageView
from notifications.web.wording import text
from residents.models import Representation
from residents.schemas import Basis, Scope
from service_packs.events import ServiceRecorded
from service_packs.queries.entitlements import list_entitlements
from service_packs.queries.orders import list_orders
from service_packs.queries.records import list_records
from service_packs.schemas import (
    DisputeRecord,
    EntitlementSearch,
    OrderSearch,
    PlaceOrder,
    RecordSearch,
    RecordService,
)
from service_packs.services.orders import place_order
from service_packs.services.records import confirm_record, dispute_record, record_service
from service_packs.subscribers import tell_of_service
from tests.factories.residents import make_consent, make_resident
from tests.factories.service_packs import Served, make_entitlement, make_pack


@pytest.fixture
def mother(session: Session, served: Served) -> Actor:
    """Bound to the served child by a birth certificate, to see and to pay."""
    account, person = make_resident(session, name="覃秀英")
    row = make_consent(session, served.person, person, [Scope.PAY, Scope.SEE_RECORDS])
    row.basis, row.until = Basis.CHILD, clock.today() + timedelta(days=400)
    session.flush()
    return Actor(account_id=account.id, person_id=person.id, verified=True, name=person.name)


def recorded(session: Session, served: Served) -> UUID:
    held = make_entitlement(session, served.person.id, make_pack(session))
    command = RecordService(entitlement_item_id=held.items[0].id)
    return record_service(session, served.nurse, command).id


def test_she_buys_and_the_child_is_entitled(
    session: Session, served: Served, mother: Actor
) -> None:
    pack = make_pack(session, person_fen=0)
    child = served.person.id
    order = place_order(session, mother, PlaceOrder(pack_code=pack.code, person_id=child))
    assert order.person_id == child
    (held,) = list_entitlements(session, mother, EntitlementSearch(person_id=child)).items
    assert (held.pack_code, held.person_id) == (pack.code, child)
    assert [row.id for row in list_orders(session, mother, OrderSearch(person_id=child)).items] == [
        order.id
    ]
    told = session.scalars(select(Message.sentence).where(Message.person_id == child))
    assert any("为您选购了" in sentence for sentence in told)


def test_she_is_asked_and_answers(session: Session, served: Served, mother: Actor) -> None:
    record_id = recorded(session, served)
    tell_of_service(
        session,
        ServiceRecorded(
            record_id=record_id,
            person_id=served.person.id,
            item_code="T01",
            team_id=served.team.id,
            performed_at=clock.now(),
        ),
    )
    message = session.scalars(select(Message).where(Message.person_id == mother.person_id)).one()
    assert message.values["about"] == served.person.name
    assert message.link == f"/packs/records/{record_id}"
    assert text(MessageView.model_validate(message)).startswith(f"关于{served.person.name}：")
    child = RecordSearch(person_id=served.person.id)
    assert [row.id for row in list_records(session, mother, child).items] == [record_id]
    assert confirm_record(session, mother, record_id).state == "confirmed"


def test_nobody_else_sees_pays_or_answers(session: Session, served: Served, mother: Actor) -> None:
    record_id, pack = recorded(session, served), make_pack(session, person_fen=0)
    account, person = make_resident(session)
    stranger = Actor(account_id=account.id, person_id=person.id, verified=True)
    child = served.person.id
    row = session.scalars(select(Representation)).one()
    for scopes, actor in (([Scope.BOOK], mother), ([Scope.PAY, Scope.SEE_RECORDS], stranger)):
        row.scopes = list(map(str, scopes))
        session.flush()
        with pytest.raises(Denied):
            place_order(session, actor, PlaceOrder(pack_code=pack.code, person_id=child))
        with pytest.raises(Denied):
            list_orders(session, actor, OrderSearch(person_id=child))
        with pytest.raises(Denied):
            list_records(session, actor, RecordSearch(person_id=child))
        with pytest.raises(Denied):
            list_entitlements(session, actor, EntitlementSearch(person_id=child))
        with pytest.raises(Denied):
            confirm_record(session, actor, record_id)
        with pytest.raises(Denied):
            dispute_record(session, actor, record_id, DisputeRecord(reason="那天没有来"))
    row.ended_at, row.ended_by = clock.now() - timedelta(days=1), "person"
    session.flush()
    with pytest.raises(Denied):
        list_records(session, mother, RecordSearch(person_id=child))
