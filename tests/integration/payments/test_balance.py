"""Whatever comes in whatever order, no more is given back than was paid, and what is shown is what
the provider says.
"""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID

import stripe
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.errors import Conflict
from core.ids import new_id
from payments.jobs import reconcile_refunds, send_refund
from payments.models import Refund
from payments.public import owe_refund
from payments.schemas import (
    ApproveRefunds,
    PaymentState,
    PayOut,
    RefundDue,
    RefundState,
    RefundWay,
    SendAgain,
)
from payments.services.refunds import approve_refunds, pay_out, send_again
from tests.factories.auth import make_account
from tests.factories.directory import COUNTY, make_institution
from tests.factories.payments import WEBHOOK_SECRET, Cashier, deliver, settle

PAID_FEN = 10_000
QUIET = timedelta(minutes=11)
EVENTS = ("refund.created", "refund.updated", "refund.failed")
SHOWN = {
    "pending": RefundState.SENT,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
}
STEPS = st.sampled_from(
    ("owe", "owe", "approve", "approve", "send", "begin", "bank", "bank", "hear", "again", "desk",
     "pay out", "forge", "at the provider", "ask")
)  # fmt: skip


class Books:
    """One payment, its refunds with us, and those at the provider."""

    def __init__(
        self, session: Session, client: FlaskClient, cashier: Cashier, payer: Actor, chance: Random
    ) -> None:
        self.session, self.client, self.cashier, self.chance = session, client, cashier, chance
        self.institution = make_institution(session)
        account = make_account(session)
        units = frozenset({str(self.institution.id), COUNTY})
        self.staff = Actor(account_id=account.id, grants={Role.ADMINISTRATOR: units})
        self.payment = settle(session, payer, cashier, amount_fen=PAID_FEN)
        cashier.begin_refunds("succeeded")
        self.heard_from = len(cashier.events(*EVENTS))

    def refunds(self, *states: RefundState) -> list[Refund]:
        self.session.expire_all()
        query = select(Refund).where(Refund.payment_id == self.payment.id).order_by(Refund.id)
        return [row for row in self.session.scalars(query) if not states or row.state in states]

    def at_provider(self) -> list[stripe.Refund]:
        reference = str(self.payment.provider_reference)
        return self.cashier.client.v1.refunds.list({"payment_intent": reference, "limit": 100}).data

    def take(self, step: str) -> None:
        some = self.chance.choice
        if step == "owe":
            self._owe(self.chance.randint(1, PAID_FEN + 500))
        elif step == "approve" and (due := self.refunds(RefundState.DUE)):
            approve_refunds(
                self.session, self.staff, ApproveRefunds(refund_ids=[row.id for row in due])
            )
            self.session.commit()
        elif step == "send":
            for row in self.refunds():
                send_refund(str(row.id))
        elif step == "begin":
            self.cashier.begin_refunds(some(("pending", "succeeded")))
        elif step == "bank" and (made := self.at_provider()):
            self.cashier.settle(some(made).id, some(("succeeded", "failed")))
        elif step in ("hear", "forge"):
            self.hear(forged=step == "forge")
        elif step in ("again", "desk") and (failed := self.refunds(RefundState.FAILED)):
            way = RefundWay.DESK if step == "desk" else RefundWay.PROVIDER
            send_again(self.session, self.staff, some(failed).id, SendAgain(way=way))
            self.session.commit()
        elif step == "pay out" and (sent := self.refunds(RefundState.SENT)):
            self._pay_out(some(sent).id)
        elif step == "at the provider":
            self._make_at_provider()
        elif step == "ask":
            with clock.shifted(QUIET):
                reconcile_refunds()

    def hear(self, *, forged: bool = False) -> None:
        """Some of what the provider said, twice and in any order; or from a forger."""
        said = self.cashier.events(*EVENTS)[self.heard_from :]
        heard = self.chance.choices(said, k=len(said)) if said else []
        secret = "whsec_of_a_forger" if forged else WEBHOOK_SECRET
        before = [(row.id, row.state) for row in self.refunds()]
        for event in heard[:3] if forged else heard:
            assert deliver(self.client, event, secret=secret) == (400 if forged else 200)
        if forged:
            assert [(row.id, row.state) for row in self.refunds()] == before

    def _owe(self, amount_fen: int) -> None:
        due = RefundDue(
            cause_id=new_id(),
            purpose="test",
            subject_id=self.payment.subject_id,
            person_id=self.payment.person_id,
            institution_id=self.institution.id,
            amount_fen=amount_fen,
        )
        for _ in range(2):
            owe_refund(self.session, due)
        self.session.commit()

    def _pay_out(self, refund_id: UUID) -> None:
        try:
            pay_out(self.session, self.staff, refund_id, PayOut(seen=True))
        except Conflict:
            self.session.rollback()
            return
        self.session.commit()

    def _make_at_provider(self) -> None:
        """Somebody gives back in the provider's own pages what nobody is owed."""
        self.session.refresh(self.payment)
        left = self.payment.amount_fen - self.payment.refunds_fen
        if left:
            amount = self.chance.randint(1, left)
            reference = str(self.payment.provider_reference)
            made = self.cashier.client.v1.refunds.create(
                {"payment_intent": reference, "amount": amount}
            )
            [event] = [
                each
                for each in self.cashier.events("refund.created")
                if each["data"]["object"]["id"] == made.id
            ]
            assert deliver(self.client, event) == 200

    def check(self) -> None:
        """At any moment."""
        rows = self.refunds()
        self.session.refresh(self.payment)
        assert self.payment.refunds_fen == sum(row.amount_fen for row in rows) <= PAID_FEN
        done = sum(row.amount_fen for row in rows if row.state == RefundState.DONE)
        refunded = self.payment.state == PaymentState.REFUNDED
        assert refunded is (done == PAID_FEN)
        attempts = Counter(
            (made.metadata["refund_id"], made.metadata["attempt"])
            for made in self.at_provider()
            if made.metadata and "refund_id" in made.metadata
        )
        assert set(attempts.values()) <= {1}

    def agree(self) -> None:
        """Once all was heard and asked."""
        for event in self.cashier.events(*EVENTS)[self.heard_from :]:
            deliver(self.client, event)
        with clock.shifted(QUIET):
            reconcile_refunds()
        self.check()
        said = {made.id: made for made in self.at_provider()}
        by_provider = [row for row in self.refunds() if row.way == RefundWay.PROVIDER]
        for row in by_provider:
            if row.state != RefundState.DUE and row.provider_reference:
                assert row.state == SHOWN[str(said[row.provider_reference].status)]
        given = sum(made.amount for made in said.values() if made.status != "failed")
        shown = (RefundState.SENT, RefundState.DONE)
        assert given == sum(row.amount_fen for row in by_provider if row.state in shown)


@seed(20_261_127)
@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=8, max_size=16), chance=st.randoms(use_true_random=False))
def test_the_books_balance(
    session: Session,
    client: FlaskClient,
    cashier: Cashier,
    payer: Actor,
    steps: list[str],
    chance: Random,
) -> None:
    books = Books(session, client, cashier, payer, chance)
    for step in steps:
        books.take(step)
        books.check()
    books.agree()
