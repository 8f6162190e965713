"""Norms, forms and what hangs on them, for tests."""

import json
from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import FormVersion, NormRow, NormVersion
from family_doctor.schemas import FormDefinition, FormSet, Norm, NormSet
from regions.pack import load_pack
from residents.models import GroupMembership, Person
from service_packs.models import Group, Item

GOOD = {
    "visit_way": "clinic",
    "sbp": 128,
    "dbp": 78,
    "adherence": "regular",
    "adr": "no",
}
HIGH = GOOD | {"sbp": 152, "dbp": 96}
URGENT = GOOD | {"sbp": 186, "dbp": 112, "danger_signs": ["headache"]}


def norm_set() -> NormSet:
    """The norms of the demo's region."""
    return load_pack("guigang").norms


def form_set() -> FormSet:
    """The forms of the demo's region."""
    return load_pack("guigang").forms


def norm(code: str) -> Norm:
    """One of its norms."""
    return next(each for each in norm_set().norms if each.code == code)


def form(code: str) -> FormDefinition:
    """One of its forms."""
    return next(each for each in form_set().forms if each.code == code)


def make_norms(session: Session, *codes: str, version: str = "T1", screening: bool = False) -> None:
    """A version of these norms (of all without any), with groups, services and forms, and where
    asked with the rules of screening.
    """
    chosen = [each for each in norm_set().norms if not codes or each.code in codes]
    session.add(
        NormVersion(
            version=version,
            document="规范",
            estimate=True,
            provenance="test",
            reminding=norm_set().reminding.model_dump(),
            screening=[each.model_dump(mode="json") for each in norm_set().screening if screening],
            loaded_at=clock.now(),
        )
    )
    session.flush()
    for each in chosen:
        group = insert(Group).values(code=each.group, name=each.who, name_en=each.who_en)
        session.execute(group.on_conflict_do_nothing())
        item = insert(Item).values(
            code=each.item,
            name=f"服务{each.item}",
            name_en=f"Service {each.item}",
            unit="次",
            unit_price_fen=0,
            example=True,
            scheduled=True,
        )
        session.execute(item.on_conflict_do_nothing())
        session.add(
            NormRow(
                version=version,
                code=each.code,
                group_code=each.group,
                item_code=each.item,
                document=json.loads(each.model_dump_json()),
            )
        )
    for definition in form_set().forms:
        row = insert(FormVersion).values(
            code=definition.code,
            version=definition.version,
            document=definition.model_dump(mode="json"),
        )
        session.execute(row.on_conflict_do_nothing())
    session.flush()


def join_group(session: Session, person: Person, code: str, since: date) -> None:
    """Put a person in a group."""
    session.add(GroupMembership(person_id=person.id, group_code=code, source="test", since=since))
    session.flush()


def leave_group(session: Session, person: Person, code: str) -> None:
    """Take a person out of a group."""
    session.delete(session.get_one(GroupMembership, (person.id, code)))
    session.flush()
