"""Two records of one person become one, and two again where that was wrong."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auth.public import accounts_of_people, move_account, phone_index
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_, Message
from residents.events import GroupsChanged, PersonsMerged, PersonsParted
from residents.holdings import give_back, holdings, look, move, written_since
from residents.models import Duplicate, Merge, Person, Representation
from residents.queries import live
from residents.queries.duplicates import case_of, find_merge_of, resources_of
from residents.queries.known_by import tails_of
from residents.schemas import (
    DecidePair,
    DuplicateAction,
    DuplicateCase,
    Keeping,
    MergePair,
    PairState,
    Part,
    Saying,
    Snapshot,
)
from residents.services.identity import id_index, id_tail_index

HOME = ("household_id", "relation", "division_code")
NUMBERED = ("id_number", "sex", "birth_date")


def decide_pair(
    session: Session, actor: Actor, pair_id: UUID, command: DecidePair
) -> DuplicateCase:
    """Not the same person, or later; said again it is the same.

    Raises NotFound, Denied, Conflict ``already_merged``.
    """
    pair, resource = _to_decide(session, actor, pair_id)
    if pair.state == PairState.MERGED:
        raise _merged()
    _settle(pair, actor, PairState(command.verdict.value), command.note)
    session.flush()
    return case_of(session, actor, pair, resource)


def merge_pair(session: Session, actor: Actor, pair_id: UUID, command: MergePair) -> DuplicateCase:
    """It is one person: the record that is not kept becomes part of the kept one, and with it all
    that hangs on it in every room, in this transaction. Merged twice is once.

    Raises NotFound, Denied, Conflict: ``already_merged``, ``two_accounts``,
    ``acts_for_the_other``, or the code of what cannot be held twice.
    """
    pair, resource = _to_decide(session, actor, pair_id)
    first, second = _locked(session, pair)
    kept, former = (first, second) if command.keep is Keeping.FIRST else (second, first)
    if pair.state == PairState.MERGED:
        merge = find_merge_of(session, pair.id)
        if merge is None or merge.kept_id != kept.id:
            raise _merged()
        return case_of(session, actor, pair, resource)
    if kept.merged_into or former.merged_into:
        raise _merged()
    _must_be_apart(session, kept, former)
    helds = [look(session, each, former.id, kept.id) for each in holdings()]
    before = (_saying(kept), _saying(former))
    account = bool(accounts_of_people(session, [kept.id]))
    for held in helds:
        move(session, held, former.id, kept.id)
    had_account = move_account(session, former.id, kept.id)
    _choose(session, command, kept, former)
    former.merged_into, former.household_id = kept.id, None
    merge = Merge(
        id=new_id(),
        duplicate_id=pair.id,
        kept_id=kept.id,
        former_id=former.id,
        snapshot=Snapshot(
            kept=before[0], former=before[1], after=_saying(kept), account=account
        ).model_dump_json(),
        moved={held.holding.name: held.moving for held in helds},
        had={held.holding.name: held.own for held in helds},
        account_moved=had_account,
        merged_at=clock.now(),
        merged_by=actor.account_id,
        merged_by_name=actor.name,
    )
    session.add(merge)
    _settle(pair, actor, PairState.MERGED, command.note)
    session.flush()
    publish(session, PersonsMerged(merge_id=merge.id))
    publish(session, GroupsChanged(person_id=kept.id))
    return case_of(session, actor, pair, resource)


def undo_merge(session: Session, actor: Actor, pair_id: UUID) -> DuplicateCase:
    """It was wrong: both records are as they were before, and the pair waits again. Undone twice is
    once.

    Raises NotFound, Denied, Conflict: ``merged_since``, ``changed_since`` or ``written_since``.
    """
    pair, resource = _to_decide(session, actor, pair_id)
    first, second = _locked(session, pair)
    merge = find_merge_of(session, pair.id)
    if merge is None:
        return case_of(session, actor, pair, resource)
    kept, former = (first, second) if merge.kept_id == first.id else (second, first)
    snapshot = Snapshot.model_validate_json(merge.snapshot)
    _must_be_unchanged(session, merge, kept, snapshot)
    for each in holdings():
        give_back(session, each, merge.moved, former.id, kept.id)
    if merge.account_moved:
        move_account(session, kept.id, former.id)
    former.merged_into = None
    _restore(session, (kept, snapshot.kept), (former, snapshot.former))
    merge.undone_at, merge.undone_by = clock.now(), actor.account_id
    merge.undone_by_name = actor.name
    pair.state = PairState.WAITING.value
    pair.decided_at = pair.decided_by = pair.decided_by_name = pair.note = None
    session.flush()
    publish(session, PersonsParted(merge_id=merge.id))
    for person in (kept, former):
        publish(session, GroupsChanged(person_id=person.id))
    return case_of(session, actor, pair, resource)


def _to_decide(session: Session, actor: Actor, pair_id: UUID) -> tuple[Duplicate, Resource]:
    pair = session.get(Duplicate, pair_id, with_for_update=True)
    if pair is None:
        raise NotFound()
    resources = resources_of(session, pair)
    for resource in resources:
        require(session, actor, DuplicateAction.DECIDE, resource)
    return pair, resources[0]


def _locked(session: Session, pair: Duplicate) -> tuple[Person, Person]:
    """Both records; whoever writes a row of either waits until this is done."""
    query = (
        select(Person)
        .where(Person.id.in_([pair.first_id, pair.second_id]))
        .order_by(Person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    first, second = session.scalars(query)
    return first, second


def _must_be_apart(session: Session, kept: Person, former: Person) -> None:
    if len(accounts_of_people(session, [kept.id, former.id])) > 1:
        raise Conflict(
            "two_accounts",
            N_("两份档案各有一个登录账号，不能合并。请先请本人停用其中一个账号。"),
        )
    both = [kept.id, former.id]
    between = select(Representation.id).where(
        Representation.person_id.in_(both), Representation.representative_id.in_(both), live()
    )
    if session.scalar(between.limit(1)):
        raise Conflict(
            "acts_for_the_other",
            N_("其中一份档案登记为另一份的代办人，不能合并。请先结束这项代办授权。"),
        )


def _must_be_unchanged(session: Session, merge: Merge, kept: Person, snapshot: Snapshot) -> None:
    later = select(Merge.id).where(
        Merge.undone_at.is_(None),
        Merge.id != merge.id,
        Merge.merged_at >= merge.merged_at,
        or_(Merge.kept_id == kept.id, Merge.former_id == kept.id),
    )
    if session.scalar(later.limit(1)):
        raise Conflict(
            "merged_since", N_("这份档案之后又与别的档案合并过，请先撤销之后的那次合并。")
        )
    if _saying(kept) != snapshot.after:
        raise Conflict(
            "changed_since",
            N_("合并之后改过姓名、证件、手机号或住址，不能自动撤销。请先改回合并时的内容。"),
        )
    for each in holdings():
        if written_since(session, each, merge.moved, merge.had, kept.id):
            raise Conflict(
                "written_since",
                N_("合并之后又新增了%(what)s，分不清属于哪一份档案，不能自动撤销。"),
                what=Message(each.called),
            )
    owner = accounts_of_people(session, [kept.id])
    if owner and not merge.account_moved and not snapshot.account:
        raise Conflict(
            "written_since",
            N_("合并之后有人用这份档案开通了登录账号，分不清属于哪一份，不能自动撤销。"),
        )


def _choose(session: Session, command: MergePair, kept: Person, former: Person) -> None:
    """Let each part hold that was chosen; what the former record says stays with it."""
    if command.takes(Part.NAME):
        kept.name = former.name
    if command.takes(Part.PHONE):
        kept.phone, kept.phone_index = former.phone, former.phone_index
    if command.takes(Part.HOME):
        for part in HOME:
            setattr(kept, part, getattr(former, part))
    kept.verified_at = kept.verified_at or former.verified_at
    # A number is never given up for none.
    if former.id_number and (kept.id_number is None or command.takes(Part.ID_NUMBER)):
        _swap_numbers(session, kept, former)
    session.flush()


def _swap_numbers(session: Session, one: Person, other: Person) -> None:
    """Each is found by the number that was the other's; a number is never two records'."""
    says = {part: (getattr(one, part), getattr(other, part)) for part in NUMBERED}
    one.id_number, one.id_index = None, one.id.bytes
    session.flush()
    for person, place in ((other, 0), (one, 1)):
        for part, values in says.items():
            setattr(person, part, values[place])
        number = person.id_number
        person.id_index = id_index(number) if number else person.id.bytes
        # Whoever has no number is found by the tail of the paper that they were registered by.
        tail = number or tails_of(session, [person]).get(person.id)
        if tail:
            person.id_tail_index = id_tail_index(tail)
        session.flush()


def _restore(session: Session, *sides: tuple[Person, Saying]) -> None:
    (kept, said), (former, _) = sides
    if kept.id_number != said.id_number:
        _swap_numbers(session, kept, former)
    for person, saying in sides:
        for part, value in saying.model_dump(exclude={"phone", *NUMBERED}).items():
            setattr(person, part, value)
        if person.phone != saying.phone:
            person.phone = saying.phone
            person.phone_index = phone_index(saying.phone) if saying.phone else None
    session.flush()


def _saying(person: Person) -> Saying:
    return Saying.model_validate(person, from_attributes=True)


def _settle(pair: Duplicate, actor: Actor, state: PairState, note: str) -> None:
    pair.state, pair.note = state.value, note or None
    pair.decided_at, pair.decided_by = clock.now(), actor.account_id
    pair.decided_by_name = actor.name


def _merged() -> Conflict:
    return Conflict(
        "already_merged", N_("其中一份档案已经合并，请刷新后再看；要重新判断，先撤销合并。")
    )
