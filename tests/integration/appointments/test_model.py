"""Any sequence of steps answers and leaves behind what the sequential model says."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from appointments.schemas import (
    BookGroup,
    BookingView,
    BookSlot,
    CancelBooking,
    ChangeBooking,
    JoinWait,
    Pool,
    WaitView,
)
from appointments.services import booking as services
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from appointments.services.sweeping import give_back_expired, release_reserved
from appointments.services.waitlist import join_wait, leave_wait, offer_place
from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict
from tests.histories import world
from tests.histories.clients import NO_PLACE, refer
from tests.histories.world import HOLD_MINUTES
from tests.model.places import outcomes
from tests.model.state import LIVE, Ref, State
from tests.model.steps import (
    Answer,
    Cancel,
    Change,
    Confirm,
    Group,
    Join,
    Joined,
    Leave,
    Offer,
    Refer,
    Refused,
    Seen,
    Stands,
    Step,
    Stop,
    Sweep,
    Take,
    Together,
    Turn,
)

# What the services answer with.
Shown = BookingView | list[BookingView] | WaitView | UUID | Answer
RESIDENTS, OFFER_MINUTES = 5, 20
# Minutes, unlike any deadline, so that no step falls on one.
PASSING = {"minutes": 17, "hours": 131, "a day": 1441}
# What happens, as often as it is named.
OFTEN = {
    "book": 5, "hold": 5, "by phone": 1, "refer": 3, "confirm": 3, "cancel": 2, "cancel late": 1,
    "change": 5, "sweep": 2, "join": 4, "leave": 1, "offer": 4, "together": 2, "stop": 1,
    "minutes": 1, "hours": 2, "a day": 1,
}  # fmt: skip
KINDS = [kind for kind, count in OFTEN.items() for _ in range(count)]
PERSON, SLOT = st.integers(0, RESIDENTS - 1), st.integers(0, 3)


class Places(RuleBasedStateMachine):
    """The services, driven by one client, beside the model. Time stands still within a step."""

    def __init__(self) -> None:
        super().__init__()
        # Noon and a bit, whatever the time is now: deadlines are at whole minutes.
        self.begin = clock.at(clock.today(), 12) + timedelta(seconds=30)
        self.now = 0.0
        with self._moment(), transaction() as session:
            self.department = world.make_department(
                session,
                None,
                RESIDENTS,
                capacity=4,
                active_limit=1,
                elderly=1,
                family_doctor=1,
                referral=1,
            )
            self.state: State = world.snapshot(self.department).state
        self.actors = [
            Actor(account_id=each.account_id, person_id=each.person_id, verified=True)
            for each in self.department.residents
        ]
        self.desk = Actor(
            account_id=self.actors[0].account_id,
            grants={Role.REGISTRAR: frozenset({str(self.department.institution_id)})},
            active_role=Role.REGISTRAR,
        )

    @rule(kind=st.sampled_from(KINDS), person=PERSON, slot=SLOT, which=st.integers(0, 999))
    def step(self, kind: str, person: int, slot: int, which: int) -> None:
        """One thing happens; ``which`` booking it is about, if one."""
        session = self.department.frame.slots[slot].session
        steps: dict[str, Step] = {
            "book": Take(person, slot),
            "by phone": Take(person, slot, "elderly"),
            "refer": Refer(person, slot, self.now + HOLD_MINUTES * 60),
            "hold": Take(person, slot, until=self.now + HOLD_MINUTES * 60),
            "sweep": Sweep(slot),
            "stop": Stop(session),
            "join": Join(person, session),
            "offer": Offer(session, self.now + OFFER_MINUTES * 60),
            "together": Group(((person, slot), (self._kin(person), slot))),
        }
        if kind in PASSING:
            self.now += PASSING[kind] * 60
        elif kind in steps:
            self._compare(steps[kind])
        elif kind == "leave":
            if self.state.waits:
                lines = sorted(self.state.waits)
                self._compare(Leave(lines[which % len(lines)]))
        elif self.state.bookings:
            self._compare(self._about_a_booking(kind, slot, which))

    def _kin(self, person: int) -> int:
        family = self.department.family(person)
        return family[(family.index(person) + 1) % len(family)]

    def _about_a_booking(self, kind: str, slot: int, which: int) -> Step:
        """Mostly of one that is alive; the ended ones answer too."""
        bookings = self.state.bookings
        live = [ref for ref, booking in bookings.items() if booking.state in LIVE]
        some = (live if which % 4 and live else None) or list(bookings)
        ref = sorted(some)[which % len(some)]
        steps: dict[str, Step] = {
            "confirm": Confirm(ref),
            "cancel": Cancel(ref),
            "cancel late": Cancel(ref, late=True),
            "change": Change(ref, slot),
        }
        return steps[kind]

    def _moment(self) -> AbstractContextManager[None]:
        return clock.shifted(self.begin + timedelta(seconds=self.now) - clock.now())

    def _compare(self, step: Step) -> None:
        # One client at a time: what is over is given back at once, which is the first outcome.
        with self._moment():
            said = self._answer(step)
            after = world.snapshot(self.department, self._seconds).state
        if isinstance(step, Join) and isinstance(said, Joined):
            step = step._replace(since=said.since)
        wanted, answer = outcomes(self.department.frame, self.state, step, self.now)[0]
        assert said == answer, step
        assert after.slots == wanted.slots, step
        assert after.bookings == wanted.bookings, step
        assert after.waits == wanted.waits, step
        self.state = after

    def _seconds(self, held_until: datetime) -> float:
        return round((held_until - self.begin).total_seconds())

    def _answer(self, step: Step) -> Answer:
        try:
            with transaction() as session:
                view = self._ask(session, step)
        except Conflict as refusal:
            # The machine's days pass the end of booking, which the clients' minutes never do.
            none = refusal.code in NO_PLACE | {"slot_closed"}
            return Refused("no_place" if none else refusal.code)
        return self._shown(view)

    def _shown(self, view: Shown) -> Answer:
        match view:
            case BookingView():
                return self._seen(view)
            case list():
                return Together(tuple(map(self._seen, view)))
            case WaitView():
                return Stands(view.state, self._ref(view.booking_id))
            case UUID():
                now = world.snapshot(self.department)
                (line,) = [line for line, wait_id in now.waits.items() if wait_id == view]
                return Turn(line.person, now.state.waits[line].offer)
        return view

    def _ref(self, booking_id: UUID | None) -> Ref | None:
        ids = world.snapshot(self.department).ids
        return next((ref for ref, each in ids.items() if each == booking_id), None)

    def _seen(self, view: BookingView) -> Seen:
        ref = Ref(self.department.slots.index(view.slot_id), view.number)
        return Seen(ref, view.state, view.because)

    def _ask(self, session: Session, step: Step) -> Shown:
        department = self.department
        match step:
            case Take(person, slot, pool, until):
                asking = self.desk if pool == "elderly" else self.actors[person]
                use = services.hold_slot if until else services.book_slot
                return use(session, asking, self._wish(person, slot, pool))
            case Refer():
                return refer(session, department, step)
            case Confirm(ref):
                return services.confirm_booking(session, *self._own(ref))
            case Cancel(ref, late):
                return cancel_booking(session, *self._own(ref), CancelBooking(late=late))
            case Change(ref, slot):
                to = ChangeBooking(slot_id=department.slots[slot])
                return change_booking(session, *self._own(ref), to)
            case Sweep(slot):
                give_back_expired(session, department.slots[slot])
                release_reserved(session, department.slots[slot])
            case Stop(number):
                world.stop(session, department, number)
            case Group(wishes):
                both = BookGroup(bookings=[self._wish(*wish) for wish in wishes])
                return services.book_group(session, self.actors[wishes[0][0]], both)
            case Join(person, number):
                command = JoinWait(
                    session_id=department.sessions[number],
                    person_id=department.residents[person].person_id,
                )
                joined = join_wait(session, self.actors[person], command)
                return Joined(joined.created_at.timestamp())
            case Leave(line):
                wait_id = world.snapshot(department).waits[line]
                return leave_wait(session, self.actors[line.person], wait_id)
            case Offer(number):
                return offer_place(session, department.sessions[number], ()) or Turn(None)
        return None

    def _wish(self, person: int, slot: int, pool: str = "public") -> BookSlot:
        return BookSlot(
            slot_id=self.department.slots[slot],
            person_id=self.department.residents[person].person_id,
            pool=Pool(pool),
        )

    def _own(self, ref: Ref) -> tuple[Actor, UUID]:
        actor = self.actors[self.state.bookings[ref].person]
        return actor, world.snapshot(self.department).ids[ref]


def test_any_sequence_is_as_in_the_model(session: Session) -> None:
    run_state_machine_as_test(
        Places, settings=settings(max_examples=20, stateful_step_count=50, deadline=None)
    )
