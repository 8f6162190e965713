"""A mother who may go to another team, as the tests of transfers need her."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from family_doctor.models import Offer
from family_doctor.schemas import (
    ConfirmContract,
    ContractView,
    ProposeTransfer,
    TransferState,
    TransferView,
)
from family_doctor.services import contracts as signing
from family_doctor.services import transfers
from notifications.models import Message
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.residents import make_resident
from tests.factories.signing import STROKES
from tests.integration.family_doctor.crew import Crew, crew
from tests.integration.family_doctor.ways import sent

__all__ = ["crew", "sent"]
MANY = 200
NOTE = "搬到河西以后离您的站近，血压高的请先随访"


class Move:
    """A mother with an account, signed with the crew's team, and a team near by."""

    def __init__(self, session: Session, crew: Crew) -> None:
        self.session, self.crew = session, crew
        self.account, self.mother = make_resident(session, name="母亲", birth_date=date(1950, 1, 1))
        self.own: Actor = actor_of(session, self.account.id)
        self.contract = make_contract(session, self.mother, crew.team)
        self.to, self.chief_account, self.nurse_account = make_team(session, capacity=MANY)
        self.chief: Actor = actor_of(session, self.chief_account)
        session.flush()

    def propose(self, **selection: Any) -> TransferView:
        selection = selection or {"contract_ids": [self.contract.id]}
        command = ProposeTransfer(
            team_id=self.crew.team.id, to_team_id=self.to.id, note=NOTE, **selection
        )
        return transfers.propose(self.session, self.crew.leader, command)

    def asked(self) -> Offer:
        """The mother was asked, and told so."""
        made = transfers.accept(self.session, self.chief, self.propose().id)
        assert made.state is TransferState.ACCEPTED
        return self.offer()

    def offer(self) -> Offer:
        """Hers, as it is now."""
        query = select(Offer).where(Offer.contract_id == self.contract.id)
        query = query.order_by(Offer.id.desc()).limit(1)
        return self.session.scalars(query, execution_options={"populate_existing": True}).one()

    def sign(self, contract: ContractView, actor: Actor | None = None) -> ContractView:
        command = ConfirmContract(
            agreement_sha256=str(contract.agreement_sha256), agreed=True, strokes=STROKES
        )
        return signing.confirm_contract(self.session, actor or self.own, contract.id, command)

    def told(self, person: Person) -> list[str]:
        """What somebody was told, in order."""
        query = select(Message.sentence).where(Message.person_id == person.id)
        return list(self.session.scalars(query.order_by(Message.id)))


@pytest.fixture
def move(session: Session, crew: Crew, sent: list[tuple[str, str, str]]) -> Move:
    del sent  # nothing goes out
    return Move(session, crew)
