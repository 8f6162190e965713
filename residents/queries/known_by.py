"""The paper that somebody is known by: the ID card, else another one that says who they are."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crypto import blind_index
from core.masking import masked_id, masked_number
from residents.models import Identifier, Person
from residents.schemas import PAPERS, IdentifierKind

TAIL = 4


def identifier_index(number: str) -> bytes:
    """The blind index by which a number of any kind is found."""
    return blind_index(number.upper(), "identifier")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper with its number in the one spelling; ``issuer`` is the state of a passport."""

    kind: IdentifierKind
    number: str
    issuer: str = ""

    @property
    def index(self) -> bytes:
        """The blind index by which it is found."""
        return identifier_index(self.number)


def papers_of(session: Session, people: Collection[Person]) -> dict[UUID, Paper]:
    """The paper that each of these is known by: the ID card, else the one recorded first."""
    known = {
        each.id: Paper(IdentifierKind.ID_CARD, each.id_number) for each in people if each.id_number
    }
    others = {each.id for each in people} - known.keys()
    if not others:
        return known
    query = (
        select(Identifier)
        .where(Identifier.person_id.in_(others), Identifier.kind.in_(PAPERS))
        .order_by(Identifier.created_at, Identifier.id)
    )
    for row in session.scalars(query):
        paper = Paper(IdentifierKind(row.kind), row.number, row.issuer)
        known.setdefault(row.person_id, paper)
    return known


def tails_of(session: Session, people: Collection[Person]) -> dict[UUID, str]:
    """The last four characters of the papers that these people are known by."""
    return {key: paper.number[-TAIL:] for key, paper in papers_of(session, people).items()}


def masked_paper(paper: Paper | None) -> str:
    """A paper's number as staff recognise it; a dash of whoever has none."""
    if paper is None:
        return "—"
    if paper.kind is IdentifierKind.ID_CARD:
        return masked_id(paper.number)
    return masked_number(paper.number)


def masked_known(session: Session, person: Person) -> str:
    """The number of the paper that a person is known by, as staff recognise it."""
    return masked_paper(papers_of(session, [person]).get(person.id))
