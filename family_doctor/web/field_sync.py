"""Taking in what a tablet brings back: entry by entry, each in a transaction of its own, so that a
cut connection leaves whole ones.
"""

from uuid import UUID

from core.database import transaction
from core.errors import TooMany, Unavailable
from core.web.access import current_actor
from family_doctor.queries.field import answered
from family_doctor.schemas import EntryAnswer, EntryIn, Outcome, SyncAnswer, SyncEntries
from family_doctor.services.field_entries import is_of_outsider, question_of, take_entry
from residents.public import Verdict, verifier

UNKEPT = (Outcome.CHAIN_BROKEN, Outcome.TRY_AGAIN)


def sync(visit_id: UUID, command: SyncEntries) -> SyncAnswer:
    """What became of each entry; after one that could not be kept no other is looked at.

    Raises NotFound, Denied, Conflict ``other_device``, ``visit_over`` or ``entry_changed``.
    """
    items: list[EntryAnswer] = []
    for entry in command.entries:
        items.append(_one(visit_id, command, entry))
        if items[-1].outcome in UNKEPT:
            break
    with transaction() as session:
        return answered(session, visit_id, items)


def _one(visit_id: UUID, command: SyncEntries, entry: EntryIn) -> EntryAnswer:
    """One entry; whoever is not on the list is asked about first, outside any transaction."""
    actor = current_actor()
    try:
        verdict = _verdict(visit_id, command, entry) if is_of_outsider(entry) else None
    except (TooMany, Unavailable):
        return EntryAnswer(id=entry.id, number=entry.number, outcome=Outcome.TRY_AGAIN)
    with transaction() as session:
        return take_entry(session, actor, visit_id, command, entry, verdict)


def _verdict(visit_id: UUID, command: SyncEntries, entry: EntryIn) -> Verdict | None:
    with transaction() as session:
        question = question_of(session, current_actor(), visit_id, command, entry)
    return verifier().verify(*question) if question else None
