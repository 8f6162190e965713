"""Health labels: by age they follow the calendar, the others the team sets; history is kept."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Denied, Invalid, NotFound
from residents.jobs import label_by_age
from residents.models import FormerMembership, GroupMembership
from residents.public import population_facts
from residents.queries.labels import get_labels
from residents.schemas import EndLabel, LabelSource, SetLabel
from residents.services.labels import end_label, set_label
from service_packs.models import Group
from tests.factories.auth import actor_for
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person

Browser = Callable[[UUID], FlaskClient]
NAMES = {"02": "0-6岁儿童", "03": "老年人", "04": "高血压患者", "10": "一般人群"}


@pytest.fixture(autouse=True)
def named(session: Session) -> None:
    for code, name in NAMES.items():
        if session.get(Group, code) is None:
            session.add(Group(code=code, name=name, name_en=f"Group {code}"))
    session.flush()


def groups_of(session: Session, person_id: UUID) -> set[str]:
    held = select(GroupMembership.group_code).where(GroupMembership.person_id == person_id)
    return set(session.scalars(held))


def command(**more: object) -> SetLabel:
    values: dict[str, object] = {
        "group_code": "04",
        "source": LabelSource.STAFF,
        "since": clock.today(),
        "note": "三次测量 150/95",
    }
    return SetLabel.model_validate(values | more)


def test_age_sets_and_ends_labels(session: Session) -> None:
    today = clock.today()
    nearly_old = date(today.year - 65, 1, 1) + timedelta(days=400)
    person = make_person(session, birth_date=nearly_old)
    baby = make_person(session, birth_date=today - timedelta(days=2000), groups=("02",))
    ill = make_person(session, birth_date=date(1930, 1, 1), groups=("04",))
    session.commit()
    for _ in range(2):
        label_by_age()
    assert groups_of(session, person.id) == {"10"}
    assert groups_of(session, baby.id) == {"02"}
    assert groups_of(session, ill.id) == {"03", "04"}
    with clock.shifted(timedelta(days=800)):
        for _ in range(2):
            label_by_age()
        assert groups_of(session, person.id) == {"03"}
        assert groups_of(session, baby.id) == {"10"}
        made = session.get_one(GroupMembership, (person.id, "03"))
        assert (made.source, made.since) == ("age", clock.today())
        former = session.scalars(
            select(FormerMembership).where(FormerMembership.person_id == baby.id)
        ).one()
        assert (former.group_code, former.source, former.since) == ("02", "test", date(2026, 1, 1))
        assert (former.ended_on, former.ended_source) == (clock.today(), "age")
    counted = {group: count for _, group, count in population_facts(session)}
    assert counted == {"": 3, "03": 2, "04": 1, "10": 1}


def test_the_team_sets_and_ends_with_evidence(session: Session) -> None:
    team, leader, nurse = make_team(session)
    person = make_person(session)
    make_contract(session, person, team)
    head, member = actor_for(session, leader), actor_for(session, nurse)
    for _ in range(2):
        book = set_label(session, member, person.id, command())
    assert [label.group_code for label in book.current] == ["04"]
    (label,) = book.current
    assert (label.name, label.source, label.note) == ("高血压患者", "staff", "三次测量 150/95")
    assert label.set_by_name == "nurse"
    with pytest.raises(Conflict) as caught:
        set_label(session, member, person.id, command(note="别的依据"))
    assert caught.value.code == "label_holds"
    sealed = session.execute(text("SELECT note FROM residents_group_membership")).scalars().all()
    assert all(b"150/95" not in bytes(note) for note in sealed if note)
    for _ in range(2):
        book = end_label(session, head, person.id, "04", EndLabel(note="复查正常"))
    assert [label.group_code for label in book.current] == ["10"]
    (former,) = [label for label in book.former if label.group_code == "04"]
    assert (former.note, former.ended_note) == ("三次测量 150/95", "复查正常")
    assert (former.ended_on, former.ended_by_name) == (clock.today(), "leader")
    again = set_label(session, head, person.id, command(source=LabelSource.RECORDS))
    assert [label.source for label in again.current] == ["records"]


def test_what_the_team_cannot_do(session: Session) -> None:
    team, leader, _ = make_team(session)
    person = make_person(session)
    make_contract(session, person, team)
    actor = actor_for(session, leader)
    for wrong in (
        {"group_code": "03"},
        {"group_code": "99"},
        {"source": LabelSource.AGE},
        {"since": clock.today() + timedelta(days=1)},
        {"since": person.birth_date - timedelta(days=1)},
    ):
        with pytest.raises(Invalid):
            set_label(session, actor, person.id, command(**wrong))
    with pytest.raises(Conflict):
        end_label(session, actor, person.id, "10", EndLabel(note="不要了"))
    with pytest.raises(NotFound):
        end_label(session, actor, person.id, "04", EndLabel(note="没有过"))
    _, stranger, _ = make_team(session)
    other = actor_for(session, stranger)
    with pytest.raises(Denied):
        get_labels(session, other, person.id)
    with pytest.raises(Denied):
        set_label(session, other, person.id, command())
    with pytest.raises(Denied):
        end_label(session, other, person.id, "04", EndLabel(note="不是我的"))


def test_the_page_and_the_api(
    session: Session,
    signed_in: Browser,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    team, leader, _ = make_team(session)
    person = make_person(session, name="覃秀英")
    make_contract(session, person, team)
    session.commit()
    browser = signed_in(leader)
    page = f"/residents/people/{person.id}/labels"
    assert "覃秀英的健康标签" in browser.get(page).text
    body = command().model_dump(mode="json")
    assert browser.post(page, data=body | {"note": ""}).status_code == 422
    assert "标签已设置" in browser.post(page, data=body, follow_redirects=True).text
    short = browser.post(f"{page}/04/end", data={"note": ""}, follow_redirects=True)
    assert "请写明结束的原因" in short.text
    ended = browser.post(f"{page}/04/end", data={"note": "复查正常"}, follow_redirects=True)
    assert "以前的标签" in ended.text
    address, headers = f"/api/v1{page}", bearer(leader)
    book = client.get(address, headers=headers).json
    assert book
    assert [label["group_code"] for label in book["current"]] == ["10"]
    assert client.post(address, json=body, headers=headers).status_code == 201
    over = client.post(f"{address}/04/end", json={"note": "又正常"}, headers=headers).json
    assert over
    assert [label["ended_note"] for label in over["former"]][:1] == ["又正常"]
