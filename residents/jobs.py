"""The calendar of who may act and of labels by age, health-record numbers, the nightly comparison
of records, and codes on their way.
"""

from datetime import datetime
from uuid import UUID

from core import clock
from core.crypto import decrypt
from core.database import reading, transaction
from core.jobs import job, scheduled
from residents.linkage import find_pairs
from residents.ports import send_consent_code as send
from residents.schemas import in_order
from residents.services.adults import SEALED
from residents.services.bindings import lapse
from residents.services.claims import lapse_claims
from residents.services.holding import BATCH, end_over
from residents.services.labels import LABEL_BATCH, follow_ages
from residents.services.numbering import NUMBER_BATCH, number_unnumbered
from residents.services.phones import due_phones, settle_phone
from residents.services.proposing import propose, read_records


@job
def send_code(challenge_id: str, sealed: str, expires_at: str) -> None:
    """Send the code of a binding; none where nobody is to get it, or where it came to nothing in
    time. A retry sends none.
    """
    phone, code, scopes, name = decrypt(bytes.fromhex(sealed), SEALED).split(" ", 3)
    if phone and clock.now() < datetime.fromisoformat(expires_at):
        send(phone, code, UUID(challenge_id), name, in_order(scopes.split(",")))


@scheduled("5 * * * *")
def end_terms() -> None:
    """End what is over, and close what waited too long; hourly, so that it suits any zone's
    midnight. Rights end at midnight by themselves: this tells people.
    """
    ended = BATCH
    while ended == BATCH:
        with transaction() as session:
            ended = end_over(session)
    with transaction() as session:
        lapse(session)
        lapse_claims(session)


@scheduled("35 18 * * *")
def label_by_age() -> None:
    """Set and end the labels that hang on the birth date; nightly in the region's zone."""
    changed = LABEL_BATCH
    while changed >= LABEL_BATCH:
        with transaction() as session:
            changed = follow_ages(session)


@scheduled("15 * * * *")
def give_numbers() -> None:
    """Give a health-record number to whoever has none: who was known before there were numbers."""
    numbered = NUMBER_BATCH
    while numbered == NUMBER_BATCH:
        with transaction() as session:
            numbered = number_unnumbered(session)


@scheduled("10 18 * * *")
def find_duplicates() -> None:
    """Propose records that may be of one person; nightly in the region's zone. No transaction is
    open while they are compared.
    """
    with reading() as session:
        records = read_records(session)
    pairs = find_pairs(records)
    with transaction() as session:
        propose(session, pairs)


@scheduled("*/5 * * * *")
def settle_phones() -> None:
    """Let registered phones take effect whose wait is over, each in a transaction of its own."""
    with transaction() as session:
        due = due_phones(session)
    for change_id in due:
        with transaction() as session:
            settle_phone(session, change_id)
