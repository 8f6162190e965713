"""Whatever residents, teams, the administrator and the calendar do, the contracts stay sound."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.errors import PortalError
from core.ids import new_id
from family_doctor.models import Contract, Dispute, Offer, Transfer
from family_doctor.schemas import (
    AnswerDispute,
    ApplyForContract,
    ChangeContract,
    ConfirmContract,
    DecideDispute,
    DeclineTransfer,
    EndReason,
    OpenDispute,
    ProposeTransfer,
    RejectContract,
    RenewContract,
    Subject,
    TerminateContract,
)
from family_doctor.services import contracts as signing
from family_doctor.services import disputes, offers, succession, transfers
from family_doctor.services.calendar import DEADLINES, advance
from family_doctor.services.promises import keep_promise
from family_doctor.states import IN_FORCE, LIVE, State
from service_packs.models import Entitlement, EntitlementItem, ServiceRecord
from tests.factories.directory import make_institution, make_staff
from tests.factories.signing import STROKES
from tests.integration.family_doctor.machine import World, check, heard

# What happens, as often as it is named; the first three make contracts to go on with.
OFTEN = {
    "sign": 6, "renew and sign": 5, "apply": 2, "accept": 5, "confirm": 6, "reject": 1,
    "cancel": 1, "renew": 5,
    "change": 4, "change pack": 1, "withdraw change": 1, "leave": 1, "end": 1, "serve": 3, "buy": 2,
    "dispute": 1, "answer": 1, "decide": 1, "propose": 3, "propose and take over": 4,
    "take over": 2, "turn down": 1, "withdraw": 1, "consent": 3, "consent and sign": 3, "stay": 2,
    "hear": 4, "a day": 1, "days": 3, "near the end": 4,
}  # fmt: skip
# Walks that differ, and are the same each time.
SEEDS = (2, 3, 4, 6)
KINDS = [kind for kind, count in OFTEN.items() for _ in range(count)]
DAYS = {"a day": 1, "days": 5}


class Contracts(RuleBasedStateMachine):
    """The services, driven one step after another; time passes only where a step says so."""

    session: ClassVar[Session]
    seen: ClassVar[Counter[str]] = Counter()
    offered: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = World.make(self.session, residents=2, capacity=1)
        self.days = 0
        institution = make_institution(self.session)
        self.staff_id = make_staff(self.session, institution).id

    @rule(
        kind=st.sampled_from(KINDS),
        person=st.integers(0, 1),
        side=st.integers(0, 1),
        which=st.integers(0, 99),
    )
    def step(self, kind: str, person: int, side: int, which: int) -> None:
        """One thing happens, or is refused and leaves everything as it was."""
        with clock.shifted(timedelta(days=self.days)):
            self._do(kind, person, side, which)
            check(self.world)
        ours = Contract.person_id.in_({each.person_id for each in self.world.residents})
        self.seen.update(set(self.session.scalars(select(Contract.state).where(ours))))
        states = select(Offer.state).join(Contract, Contract.id == Offer.contract_id)
        self.offered.update(set(self.session.scalars(states.where(ours))))

    def _do(self, kind: str, person: int, side: int, which: int) -> None:
        if kind in DAYS:
            self._pass(DAYS[kind])
        elif kind == "near the end":
            self._pass(self._days_left(person))
        else:
            try:
                with self.session.begin_nested():
                    self._steps(person, side, which)[kind]()
            except PortalError:
                self.session.expire_all()

    def _pass(self, days: int) -> None:
        """The calendar runs as time goes by."""
        self.days += days
        with clock.shifted(timedelta(days=days)):
            for deadline in DEADLINES:
                advance(self.session, deadline)
            disputes.pass_on_unanswered(self.session)
            transfers.lapse(self.session)
            self.session.flush()
            check(self.world)

    def _days_left(self, person: int) -> int:
        """Until ten days before the end of the person's contract; past it from there."""
        row = self._contract(person, *IN_FORCE)
        if row is None or row.ends_on is None:
            return 1
        left = (row.ends_on - clock.today()).days
        return left - 10 if left > 10 else left + 1

    def _contract(self, person: int, *among: State) -> Contract | None:
        query = (
            select(Contract)
            .where(
                Contract.person_id == self.world.residents[person].person_id,
                Contract.state.in_(among or tuple(State)),
            )
            .order_by(Contract.id.desc())
            .limit(1)
        )
        return self.session.scalar(query)

    def _steps(self, person: int, side: int, which: int) -> dict[str, Callable[[], object]]:
        session, resident = self.session, self.world.residents[person]
        years = which % 3 + 1

        def about(*among: State) -> Contract:
            row = self._contract(person, *among) or self._contract(person)
            if row is None:
                raise PortalError()
            return row

        def accept() -> None:
            row = about(State.APPLIED)
            signing.accept_contract(session, self.world.leader_of(row), row.id)

        def confirm() -> None:
            row = about(State.PENDING_SIGNATURE)
            digest = row.agreement_digest.hex() if row.agreement_digest else "0" * 64
            command = ConfirmContract(agreement_sha256=digest, agreed=True, strokes=STROKES)
            signing.confirm_contract(session, resident, row.id, command)

        def reject() -> None:
            row, command = about(State.APPLIED), RejectContract(reason="请就近签约")
            signing.reject_contract(session, self.world.leader_of(row), row.id, command)

        def end(reason: EndReason) -> None:
            row, command = about(*IN_FORCE), TerminateContract.model_validate({"reason": reason})
            signing.terminate_contract(session, self.world.leader_of(row), row.id, command)

        def apply() -> object:
            command = ApplyForContract(team_id=self.world.sides[side].team.id, years=years)
            return signing.apply_for_contract(session, resident, command)

        def sign() -> None:
            apply()
            accept()
            confirm()

        def renew() -> None:
            command = RenewContract(years=years if which % 2 else None)
            succession.renew_contract(session, resident, about(*IN_FORCE).id, command)

        def renew_and_sign() -> None:
            renew()
            if self._contract(person, State.APPLIED):
                accept()
            confirm()

        def change() -> None:
            command = ChangeContract(team_id=self.world.sides[side].team.id, years=years)
            succession.change_contract(session, resident, about(*IN_FORCE).id, command)

        def dispute() -> None:
            command = OpenDispute(subject=list(Subject)[which % 3], text="签约以后没有人来过")
            disputes.open_dispute(session, resident, about(*State).id, command)

        def propose() -> None:
            row = about(*IN_FORCE)
            to = next(each for each in self.world.sides if each.team.id != row.team_id)
            command = ProposeTransfer(
                team_id=row.team_id, to_team_id=to.team.id, note="就近移交", contract_ids=[row.id]
            )
            transfers.propose(session, self.world.leader_of(row), command)

        def take_over() -> None:
            transfer, _ = self._offer(person)
            transfers.accept(session, self.world.leads(transfer.to_team_id), transfer.id)

        def propose_and_take_over() -> None:
            propose()
            take_over()

        def turn_down() -> None:
            transfer, _ = self._offer(person)
            command = DeclineTransfer(reason="名额不够")
            transfers.decline(session, self.world.leads(transfer.to_team_id), transfer.id, command)

        def withdraw() -> None:
            transfer, _ = self._offer(person)
            transfers.withdraw(session, self.world.leads(transfer.from_team_id), transfer.id)

        def consent() -> None:
            offers.consent(session, resident, self._offer(person)[1].id)

        def consent_and_sign() -> None:
            consent()
            confirm()

        return {
            "sign": sign,
            "apply": apply,
            "accept": accept,
            "confirm": confirm,
            "reject": reject,
            "cancel": lambda: signing.cancel_contract(
                session, resident, about(*LIVE - IN_FORCE).id
            ),
            "renew": renew,
            "renew and sign": renew_and_sign,
            "change": change,
            "change pack": lambda: succession.change_contract(
                session, resident, about(*IN_FORCE).id, ChangeContract()
            ),
            "withdraw change": lambda: succession.withdraw_change(
                session, resident, about(State.CHANGE_REQUESTED).id
            ),
            "leave": lambda: signing.terminate_contract(
                session,
                resident,
                about(*IN_FORCE).id,
                TerminateContract(reason=EndReason.OWN_WISH),
            ),
            "end": lambda: end(EndReason.DECEASED if which % 2 else EndReason.MOVED),
            "serve": lambda: self._serve(about(*IN_FORCE)),
            "buy": lambda: self.world.buy(resident),
            "dispute": dispute,
            "answer": lambda: disputes.answer_dispute(
                session,
                self.world.leader_of(self._dispute(person)[1]),
                self._dispute(person)[0].id,
                AnswerDispute(answer="已与居民约好补做"),
            ),
            "decide": lambda: disputes.decide_dispute(
                session,
                self.world.administrator,
                self._dispute(person)[0].id,
                DecideDispute(upheld=which % 2 == 0, reason="核对了服务记录"),
            ),
            "propose": propose,
            "propose and take over": propose_and_take_over,
            "take over": take_over,
            "turn down": turn_down,
            "withdraw": withdraw,
            "consent": consent,
            "consent and sign": consent_and_sign,
            "stay": lambda: offers.decline(session, resident, self._offer(person)[1].id),
            "hear": self._hear,
        }

    def _offer(self, person: int) -> tuple[Transfer, Offer]:
        """The last that was proposed for the person, whatever came of it."""
        row = self.session.execute(
            select(Transfer, Offer)
            .join(Offer, Offer.transfer_id == Transfer.id)
            .join(Contract, Contract.id == Offer.contract_id)
            .where(Contract.person_id == self.world.residents[person].person_id)
            .order_by(Offer.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            raise PortalError()
        return row[0], row[1]

    def _hear(self) -> None:
        """The transfers hear, late and of all at once, what became of the contracts."""
        people = {each.person_id for each in self.world.residents}
        query = select(Contract).where(Contract.person_id.in_(people)).order_by(Contract.id)
        rows = list(self.session.scalars(query))
        for row in rows:
            if row.ended_at is not None:
                offers.note_over(self.session, row.id)
            elif row.state in IN_FORCE:
                offers.note_begun(self.session, row.id)
        self.session.expire_all()
        heard(self.session, rows)

    def _dispute(self, person: int) -> tuple[Dispute, Contract]:
        row = self.session.execute(
            select(Dispute, Contract)
            .join(Contract, Contract.id == Dispute.contract_id)
            .where(Dispute.person_id == self.world.residents[person].person_id)
            .order_by(Dispute.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            raise PortalError()
        return row[0], row[1]

    def _serve(self, contract: Contract) -> None:
        """One time of the second item is used and recorded, as service_packs does it."""
        item = self.session.scalar(
            select(EntitlementItem)
            .join(Entitlement, Entitlement.id == EntitlementItem.entitlement_id)
            .where(Entitlement.source_id == contract.id, EntitlementItem.item_code == "T02")
        )
        if item is None or item.times_used == item.times_total:
            raise PortalError()
        if contract.state not in IN_FORCE:
            raise PortalError()
        item.times_used += 1
        record = ServiceRecord(
            id=new_id(),
            entitlement_item_id=item.id,
            person_id=contract.person_id,
            division_code=contract.division_code,
            item_code="T02",
            team_id=contract.team_id,
            staff_id=self.staff_id,
            staff_name="护士",
            performed_at=clock.now(),
            state="recorded",
        )
        self.session.add(record)
        self.session.flush()
        keep_promise(
            self.session,
            person_id=contract.person_id,
            item_code="T02",
            record_id=record.id,
            performed_at=clock.now(),
        )


def test_the_contracts_stay_sound(session: Session) -> None:
    Contracts.session = session
    Contracts.seen.clear()
    Contracts.offered.clear()
    for each in SEEDS:
        run_state_machine_as_test(
            seed(each)(Contracts),
            settings=settings(
                max_examples=3,
                stateful_step_count=30,
                deadline=None,
                derandomize=False,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    # A walk that reaches little proves little.
    assert set(Contracts.seen) >= {
        "active", "applied", "cancelled", "change_requested", "expired", "expiring",
        "pending_signature", "signed", "terminated",
    }  # fmt: skip
    assert set(Contracts.offered) >= {
        "asked", "consented", "lapsed", "proposed", "withdrawn",
    }  # fmt: skip
