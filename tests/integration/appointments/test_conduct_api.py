"""How the rules of conduct count those who book by the API."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Act
from appointments.schemas import ConductCode
from core.access import Actor
from tests.factories.appointments import make_clinic, make_conduct_rule
from tests.integration.appointments.test_conduct import full_slot, resident


def test_a_bearer_has_no_device_and_is_counted_by_account(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    slot = full_slot(session, make_clinic(session))
    make_conduct_rule(session, ConductCode.DEVICE, review_at=2)
    make_conduct_rule(session, ConductCode.SPEED, review_at=3)
    session.commit()

    def book(actor: Actor) -> str:
        body = {"slot_id": str(slot.id), "person_id": str(actor.person_id)}
        headers = bearer(actor.account_id)
        answer = client.post("/api/v1/appointments/bookings", json=body, headers=headers)
        return str(answer.get_json()["code"])

    callers = [resident(session) for _ in range(3)]
    session.commit()
    assert {book(each) for each in callers} == {"slot_full"}
    assert session.scalars(select(Act.device).distinct()).all() == [None]
    assert [book(callers[0]) for _ in range(2)] == ["slot_full", "under_review"]
