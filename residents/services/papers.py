"""Staff register whoever is before them by any paper, and never twice without having asked."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.public import count_try, phone_index
from core import clock
from core.access import Actor, require
from core.crypto import blind_index
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import get_division, list_villages, units_of_institutions
from residents.identity import NumberError
from residents.models import Household, IdentityStep, Person
from residents.paper_numbers import COUNTRY, birth_in
from residents.ports import Verdict
from residents.queries import came_of_age, find_by_number, people_by_id
from residents.queries.bindings import desk_institutions
from residents.queries.known_by import Paper
from residents.queries.papers import Facts, alike, desk_resource, same_paper
from residents.schemas import (
    Alike,
    ClaimPaper,
    IdentifierKind,
    PaperAction,
    RecordIdentifier,
    Registered,
    RegisterPerson,
    RegisterState,
    Step,
)
from residents.services.consents import settle_consents
from residents.services.identifiers import checked, keep_paper
from residents.services.identity import (
    begin_record,
    check_id_number,
    id_index,
    id_tail_index,
    mismatch,
    register_person,
)

# A desk on a busy day; whoever tries names and birth dates is stopped.
REGISTRATIONS_PER_DAY = 200


def count_registration(session: Session, actor: Actor) -> None:
    """Count somebody looked up at a desk, in a transaction of its own. Raises TooMany."""
    whose = str(actor.account_id)
    count_try(session, "registration desk", whose, REGISTRATIONS_PER_DAY, timedelta(days=1))


def register_at_desk(
    session: Session, actor: Actor, command: RegisterPerson, verdict: Verdict | None
) -> Registered:
    """Register the person whose paper the actor holds; who is known by it is found instead, and of
    who looks the same the actor is asked. ``count_registration`` came before, and of an ID card
    ``verdict`` is what the identity service said. Done twice it is done once.

    Raises Denied, NotFound, Invalid, or Conflict ``number_of_another``.
    """
    if command.institution_id not in {each.id for each in desk_institutions(session, actor)}:
        raise bad("institution_id", N_("请选择您工作的机构。"))
    units = units_of_institutions(session, [command.institution_id])[command.institution_id]
    require(session, actor, PaperAction.REGISTER, desk_resource(units))
    paper, facts = read_paper(command)
    if paper.kind is IdentifierKind.ID_CARD and verdict is not Verdict.MATCH:
        raise mismatch()
    lock(session, paper, facts)
    theirs = _of_paper(session, paper, facts)
    known = next((each for each in theirs if _is(each, facts)), None)
    if known is None:
        found = alike(session, facts, theirs)
        for each in found:
            # So that each of them can see who looked for them.
            require(session, actor, PaperAction.REGISTER, desk_resource(units, each.id))
        known = chosen(session, found, command.same, anew=command.anew)
        if known is None and found and not command.anew:
            return Registered(state=RegisterState.ASKED, alike=found)
        if known is not None:
            _add(session, actor, known, paper)
    if known is not None:
        require(session, actor, PaperAction.REGISTER, desk_resource(units, known.id))
        return _answer(session, RegisterState.KNOWN, known)
    household = _household(session, command)
    person = make_person(session, actor, paper, facts, command.division_code, household=household)
    person.phone = command.phone
    person.phone_index = phone_index(command.phone) if command.phone else None
    person.verified_at = clock.now()
    session.flush()
    require(session, actor, PaperAction.REGISTER, desk_resource(units, person.id))
    return _answer(session, RegisterState.REGISTERED, person)


def read_paper(command: RegisterPerson | ClaimPaper) -> tuple[Paper, Facts]:
    """What stands on the paper, its number in the one spelling. Raises Invalid."""
    if command.kind is IdentifierKind.ID_CARD:
        number = check_id_number(command.number)
        facts = Facts(command.name, number.sex, number.birth_date)
        return Paper(command.kind, command.number), facts
    if command.sex is None:
        raise bad("sex", N_("请选择性别。"))
    if command.birth_date is None:
        raise bad("birth_date", N_("请填写出生日期。"))
    if command.birth_date > clock.today():
        raise bad("birth_date", N_("出生日期不能晚于今天。"))
    is_passport = command.kind is IdentifierKind.PASSPORT
    if is_passport and not COUNTRY.fullmatch(command.issuer):
        raise bad("issuer", N_("请填写护照上的国家代码，3 个字母，例如 VNM。"))
    if command.kind is IdentifierKind.BIRTH_CERTIFICATE and command.birth_date <= came_of_age():
        raise bad("kind", N_("出生医学证明只用于未满 18 周岁的孩子。"))
    asked = RecordIdentifier(kind=command.kind, number=_joined(command.number))
    paper = Paper(command.kind, checked(asked).number, command.issuer if is_passport else "")
    try:
        said = birth_in(paper.kind, paper.number)
    except NumberError:
        said = None
    if said not in (None, command.birth_date):
        raise bad("birth_date", N_("出生日期与证件号码里的不一致，请对照原件。"))
    return paper, Facts(command.name, command.sex.value, command.birth_date)


def lock(session: Session, paper: Paper, facts: Facts) -> None:
    """Of two who register one paper, or one name, sex and birth date, the second waits."""
    who = f"{facts.name} {facts.sex} {facts.birth_date.isoformat()}"
    card = paper.kind is IdentifierKind.ID_CARD
    index = id_index(paper.number) if card else paper.index
    keys = sorted(
        int.from_bytes(each[:8], signed=True) for each in (index, blind_index(who, "registration"))
    )
    for key in keys:
        session.execute(select(func.pg_advisory_xact_lock(key)))


def chosen(
    session: Session, found: Collection[Alike], same: UUID | None, *, anew: bool
) -> Person | None:
    """Whom staff chose of those who look the same, if anybody. Raises Invalid for somebody else,
    Conflict ``number_of_another`` where a paper that is somebody's is to be another's.
    """
    if same is not None:
        if same not in {each.id for each in found}:
            raise bad("same", N_("请从列出的选项中选择。"))
        return session.get_one(Person, same)
    if anew and any(each.same_paper for each in found):
        raise Conflict(
            "number_of_another",
            N_("这个证件号码已登记在另一位居民名下，不能再登记给别人。请核对证件。"),
        )
    return None


def make_person(
    session: Session,
    actor: Actor,
    paper: Paper,
    facts: Facts,
    division_code: str,
    *,
    relation: str = "self",
    household: Household | None = None,
) -> Person:
    """Somebody becomes known here by a paper that staff saw; nobody is by it yet. Raises NotFound
    for a place that is none.
    """
    place = get_division(session, division_code).code
    household_id = household.id if household else None
    if paper.kind is IdentifierKind.ID_CARD:
        person = register_person(
            session,
            name=facts.name,
            id_number=paper.number,
            division_code=place,
            relation=relation,
            household_id=household_id,
        )
        settle_consents(session, person)
    else:
        person_id = new_id()
        person = Person(
            id=person_id,
            household_id=household_id,
            relation=relation,
            name=facts.name,
            sex=facts.sex,
            birth_date=facts.birth_date,
            id_number=None,
            id_index=person_id.bytes,
            id_tail_index=id_tail_index(paper.number),
            division_code=place,
            created_at=clock.now(),
        )
        begin_record(session, person)
        keep_paper(session, actor, person, recorded(paper))
    note_step(session, actor, person, Step.REGISTERED, paper.kind)
    return person


def note_step(
    session: Session,
    actor: Actor,
    person: Person,
    step: Step,
    kind: IdentifierKind,
    former: str | None = None,
) -> None:
    """Keep what staff did about who somebody is."""
    row = IdentityStep(
        person_id=person.id,
        step=step.value,
        kind=kind.value,
        former=former,
        by_account=actor.account_id,
        by_name=actor.name,
        at=clock.now(),
    )
    session.add(row)
    session.flush()


def recorded(paper: Paper) -> RecordIdentifier:
    """A paper as the room records one."""
    return RecordIdentifier(kind=paper.kind, issuer=paper.issuer, number=paper.number)


def bad(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid("bad_registration", sentence, fields={field: sentence})


def _of_paper(session: Session, paper: Paper, facts: Facts) -> list[Person]:
    if paper.kind is IdentifierKind.ID_CARD:
        person = find_by_number(session, id_index(paper.number))
        return [person] if person else []
    return same_paper(session, paper, facts)


def _is(person: Person, facts: Facts) -> bool:
    return (person.name, person.sex, person.birth_date) == (
        facts.name,
        facts.sex,
        facts.birth_date,
    )


def _add(session: Session, actor: Actor, person: Person, paper: Paper) -> None:
    """Somebody known is known by this paper too; an ID number is added on a page of its own, as
    much hangs on it.
    """
    if paper.kind is not IdentifierKind.ID_CARD:
        keep_paper(session, actor, person, recorded(paper))
    elif person.id_index != id_index(paper.number):
        raise Conflict(
            "number_not_added",
            N_("这位居民登记时用的是别的证件。请打开“证件和编码”，在那里补登身份证号。"),
        )


def _household(session: Session, command: RegisterPerson) -> Household | None:
    """A household of one's own in the village; without a village none."""
    if command.village_code is None:
        return None
    villages = {each.code: each.name for each in list_villages(session, command.division_code)}
    if command.village_code not in villages:
        raise bad("village_code", N_("请选择所选乡镇（街道）里的村或社区。"))
    household = Household(
        id=new_id(),
        division_code=command.division_code,
        village_code=command.village_code,
        village_name=villages[command.village_code],
    )
    session.add(household)
    session.flush()
    return household


def _answer(session: Session, state: RegisterState, person: Person) -> Registered:
    return Registered(state=state, person=people_by_id(session, {person.id})[person.id])


def _joined(text: str) -> str:
    return "".join(text.split())
