"""Random ways through referrals against a model written apart from the product: no step that the
model forbids succeeds, and a place is held or booked exactly as long as the referral lives.
"""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.jobs import mind_referrals, return_places
from appointments.models import Booking, ReferralEntry, Slot
from appointments.queries.referrals import get_referral
from appointments.referral_states import ReferralStep
from appointments.schemas import ReferralView, State
from core import clock
from core.access import Actor
from core.errors import PortalError
from tests.factories.referrals import Two, make_two, refer, step

# The model: where each word of each person leads, from the text and not from the product.
WAITING = ("sent", "asked", "answered")
MODEL: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("desk", "ask"): lambda state: "asked" if state in ("sent", "answered") else None,
    ("desk", "accept"): lambda state: "accepted" if state in WAITING else None,
    ("desk", "propose"): lambda state: "proposed" if state in WAITING else None,
    ("desk", "decline"): lambda state: "declined" if state in WAITING else None,
    ("desk", "place"): lambda state: "accepted" if state == "accepted" else None,
    ("desk", "arrive"): lambda state: "arrived" if state in ("accepted", "missed") else None,
    ("desk", "miss"): lambda state: "missed" if state in ("accepted", "arrived") else None,
    ("desk", "close"): lambda state: "closed" if state == "arrived" else None,
    ("doctor", "answer"): lambda state: "answered" if state == "asked" else None,
    ("doctor", "agree"): lambda state: "accepted" if state == "proposed" else None,
    ("doctor", "disagree"): lambda state: "answered" if state == "proposed" else None,
    ("doctor", "withdraw"): lambda state: (
        "withdrawn" if state in (*WAITING, "proposed", "accepted") else None
    ),
    ("patient", "refuse"): lambda state: (
        "refused" if state in (*WAITING, "proposed", "accepted") else None
    ),
}
HELD = (*WAITING, "proposed")
BOOKED = ("accepted", "arrived", "closed", "missed")
WHO = ("desk", "doctor", "patient")
STEPS = sorted(step.value for step in ReferralStep)


def actor_of(two: Two, who: str) -> Actor:
    found: Actor = getattr(two, who)
    return found


def check_places(session: Session, two: Two, referral: ReferralView, state: str) -> None:
    """Exactly the place that the state says, and no other, is the patient's."""
    live = session.scalars(
        select(Booking.state).where(
            Booking.person_id == two.person.id, Booking.state != State.CANCELLED
        )
    ).all()
    wanted = [State.HELD] if state in HELD else [State.BOOKED] if state in BOOKED else []
    assert list(live) == wanted
    taken = select(func.sum(Slot.taken)).where(Slot.session_id == two.slots[0].session_id)
    assert session.scalar(taken) == len(wanted)
    entries = select(func.count()).where(ReferralEntry.referral_id == referral.id)
    assert session.scalar(entries) == referral.version


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    words=st.lists(
        st.one_of(
            st.sampled_from(sorted(MODEL)),
            st.tuples(st.sampled_from(WHO), st.sampled_from(STEPS)),
            st.just(("calendar", "lapse")),
        ),
        max_size=9,
    )
)
def test_no_illegal_step_and_a_place_as_long_as_it_lives(
    session: Session, words: list[tuple[str, str]]
) -> None:
    two = make_two(session)
    referral, state = refer(session, two), "sent"
    for who, word in words:
        if who == "calendar":
            with clock.shifted(timedelta(hours=49)):
                return_places()
                mind_referrals()
            state = "lapsed" if state in HELD else state
            referral = get_referral(session, two.doctor, referral.id)
        else:
            following = MODEL[who, word](state) if (who, word) in MODEL else None
            more = {"propose": {"slot_id": two.slots[1].id}, "place": {"slot_id": two.slots[2].id}}
            try:
                referral = step(
                    session, actor_of(two, who), referral, ReferralStep(word), **more.get(word, {})
                )
            except PortalError:
                assert following is None, (state, who, word)
            else:
                assert following is not None, (state, who, word)
                state = following
        assert referral.state == state
        check_places(session, two, referral, state)
