"""A scratch region for measuring: residents, departments and slots with numbered ids, so that
pgbench can name them by arithmetic.
"""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Rule, Slot
from appointments.public import slot_times
from appointments.schemas import HalfDay, Kind
from auth.models import Account, Token
from core import clock, database
from core.crypto import token_hash
from core.ids import new_id
from directory.models import Department, Division, Institution, Specialty
from portal import embedded
from portal.factory import ROOT
from residents.models import Person

# Ids end in FIRST + number; the prefix says what it is the id of.
FIRST = 100_000_000_000
PREFIXES = {
    "person": "01900001-0000-7000-8000-",
    "account": "01900002-0000-7000-8000-",
    "department": "01900003-0000-7000-8000-",
    "slot": "01900004-0000-7000-8000-",
}
RESIDENTS, DEPARTMENTS, DAYS, SLOTS = 400, 40, 14, 8
CAPACITY = 2000
# A department on a day is what a resident books once. Slot = cell x SLOTS + 0…7.
CELLS = DEPARTMENTS * DAYS
# Cells more, each with one slot that everybody wants.
HOT_CELLS = tuple(range(CELLS, CELLS + 6))


def numbered(kind: str, number: int) -> UUID:
    """The id of the numbered thing of this kind."""
    return UUID(f"{PREFIXES[kind]}{FIRST + number}")


def token(number: int) -> str:
    """The bearer token of the numbered resident."""
    return f"bench-token-{FIRST + number}"


def first_day() -> date:
    """The day of the first cells."""
    return clock.today() + timedelta(days=1)


def day_of(cell: int) -> date:
    """DEPARTMENTS cells a day, the hot ones on the first."""
    return first_day() + timedelta(days=cell // DEPARTMENTS if cell < CELLS else 0)


def department_of(cell: int) -> int:
    """Cells take turns with the departments; each hot one has its own."""
    return cell % DEPARTMENTS if cell < CELLS else DEPARTMENTS + cell - CELLS


def migrated(scratch: Path, name: str) -> str:
    """The address of a new database with all tables."""
    url = embedded.start(scratch, name)
    engine = database.make_engine(url, 1)
    with engine.begin() as connection:
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    return url


def build(scratch: Path) -> str:
    """A migrated and filled database; returns its address."""
    url = migrated(scratch, "bench")
    engine = database.make_engine(url, 2)
    with Session(engine) as session, session.begin():
        _people(session)
        _clinics(session)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    return url


def _people(session: Session) -> None:
    for number in range(RESIDENTS):
        text = str(number)
        session.add(
            Person(
                id=numbered("person", number),
                relation="self",
                name=text,
                sex="female",
                birth_date=date(1980, 5, 17),
                id_number=text,
                id_index=text.encode(),
                id_tail_index=text.encode(),
                division_code="990102001",
            )
        )
    session.flush()
    for number in range(RESIDENTS):
        account_id = numbered("account", number)
        person_id = numbered("person", number)
        session.add(
            Account(id=account_id, display_name="", username=str(number), person_id=person_id)
        )
        session.add(
            Token(
                token_hash=token_hash(token(number)),
                account_id=account_id,
                scope="portal",
                expires_at=clock.now() + timedelta(days=1),
            )
        )
    session.flush()


def _clinics(session: Session) -> None:
    session.add(Division(code="990100", name="", level="city", population=0, estimated=False))
    session.add(Specialty(code="03", name=""))
    session.flush()
    institution = Institution(
        id=new_id(), code="bench", name="", short_name="", type_code="A100", level="",
        ownership="public", division_code="990100", address="", beds=0, doctors=0, nurses=0,
        bookable=True,
    )  # fmt: skip
    session.add(institution)
    session.flush()
    # The limits are data; here they are wide, so that few residents can book for long.
    rule = Rule(institution_id=institution.id, horizon_days=60, day_limit=5000, active_limit=5000)
    session.add(rule)
    cells = [*range(CELLS), *HOT_CELLS]
    departments = {department_of(cell) for cell in cells}
    for number in sorted(departments):
        session.add(
            Department(
                id=numbered("department", number),
                institution_id=institution.id,
                specialty_code="03",
                name=str(number),
                location="",
            )
        )
    session.flush()
    for cell in cells:
        _cell(session, institution, rule, cell)
    session.flush()


def _cell(session: Session, institution: Institution, rule: Rule, cell: int) -> None:
    day = day_of(cell)
    department_id = numbered("department", department_of(cell))
    opened = ClinicSession(
        id=new_id(),
        institution_id=institution.id,
        department_id=department_id,
        division_code=institution.division_code,
        institution_name="",
        department_name="",
        clinic_name="",
        kind=Kind.GENERAL,
        date=day,
        half_day=HalfDay.MORNING,
        fee_fen=0,
    )
    session.add(opened)
    session.flush()
    for index, times in enumerate(slot_times(rule, Kind.GENERAL, day, HalfDay.MORNING)):
        session.add(
            Slot(
                id=numbered("slot", cell * SLOTS + index),
                session_id=opened.id,
                institution_id=institution.id,
                department_id=department_id,
                division_code=institution.division_code,
                date=day,
                capacity=CAPACITY,
                remaining=CAPACITY,
                **times._asdict(),
            )
        )
