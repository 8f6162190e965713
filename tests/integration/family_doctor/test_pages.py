"""The pages of both sides, in both languages, within their number of statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from directory.models import Team
from family_doctor.models import Contract
from family_doctor.services.notices import LINK
from family_doctor.states import State
from residents.models import GroupMembership
from service_packs.models import Entitlement, EntitlementItem, Group
from tests.factories.auth import make_account
from tests.factories.directory import TOWNSHIP, make_team
from tests.factories.family_doctor import days_ago, make_basic_pack, make_contract
from tests.factories.residents import make_person, make_resident, number_of
from tests.factories.service_packs import make_entitlement, make_item, make_pack
from tests.factories.signing import STROKES

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[Any]]
MOST_STATEMENTS = 8


@pytest.fixture
def team(session: Session) -> tuple[Team, UUID, UUID]:
    make_basic_pack(session)
    made = make_team(session, capacity=20)
    session.commit()
    return made


@pytest.fixture
def served(session: Session, team: tuple[Team, UUID, UUID]) -> tuple[UUID, UUID]:
    """A resident with a contract that has things late: (account id, contract id)."""
    account, person = make_resident(session, name="韦示例")
    session.add(Group(code="04", name="高血压患者", name_en="Hypertension"))
    since = clock.today()
    session.add(GroupMembership(person_id=person.id, group_code="04", source="t", since=since))
    contract = make_contract(session, person, team[0], starts_on=days_ago(100))
    for number in range(9):
        other = make_person(session, name=f"居民{number}")
        make_contract(session, other, team[0], starts_on=days_ago(90))
    for _ in range(3):
        make_contract(session, make_person(session, name="覃申请"), team[0], state=State.APPLIED)
    session.commit()
    return account.id, contract.id


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_anybody_finds_teams(client: FlaskClient, team: tuple[Team, UUID, UUID]) -> None:
    page = text(client.get(f"/family-doctor/?division={TOWNSHIP}"))
    assert team[0].name in page
    assert "还可签 20 人" in page
    assert team[0].name not in text(client.get("/family-doctor/?search=没有这个"))
    assert client.get(f"/family-doctor/teams/{team[0].id}").status_code == 200
    assert "还可签" not in text(client.get("/family-doctor/?lang=en"))


def test_the_way_of_a_resident(
    session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID]
) -> None:
    account, _ = make_resident(session)
    session.commit()
    resident, leader = signed_in(account.id), signed_in(team[1])
    assert "还没有家庭医生" in text(resident.get("/family-doctor/mine"))
    applied = resident.post(f"/family-doctor/teams/{team[0].id}/apply", follow_redirects=True)
    assert "等待团队答复" in text(applied)
    again = resident.post(f"/family-doctor/teams/{team[0].id}/apply")
    assert again.status_code == 409
    assert "您已经有一份签约或申请" in text(again)
    inbox = text(leader.get("/family-doctor/applications"))
    contract_id = inbox.split("/family-doctor/panel/")[1][:36]
    accepted = leader.post(f"/family-doctor/panel/{contract_id}/accept", follow_redirects=True)
    assert "协议已发给居民确认" in text(accepted)
    assert "请阅读并确认协议" in text(resident.get(LINK))
    agreement = text(resident.get(f"/family-doctor/contracts/{contract_id}/agreement"))
    digest = agreement.split('name="agreement_sha256" value="')[1][:64]
    path = f"/family-doctor/contracts/{contract_id}/confirm"
    unticked = resident.post(path, data={"agreement_sha256": digest, "strokes": STROKES})
    assert unticked.status_code == 422
    assert "请先勾选" in text(unticked)
    signed = resident.post(
        path,
        data={"agreement_sha256": digest, "agreed": "true", "strokes": STROKES},
        follow_redirects=True,
    )
    assert "签约已生效" in text(signed)
    assert "服务T02" in text(signed)
    assert "Service T02" in text(resident.get("/family-doctor/mine?lang=en"))
    resident.get("/family-doctor/mine?lang=zh")
    left = resident.post(
        f"/family-doctor/contracts/{contract_id}/leave",
        data={"reason": "own_wish"},
        follow_redirects=True,
    )
    assert "已解约" in text(left)


def test_withdrawing(session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID]) -> None:
    account, person = make_resident(session)
    contract = make_contract(session, person, team[0], state=State.APPLIED)
    session.commit()
    resident = signed_in(account.id)
    done = resident.post(f"/family-doctor/contracts/{contract.id}/cancel", follow_redirects=True)
    assert "申请已撤回" in text(done)
    assert resident.post(f"/family-doctor/contracts/{contract.id}/cancel").status_code == 409


def test_rejecting_keeps_what_was_typed(
    session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID]
) -> None:
    account, person = make_resident(session)
    contract = make_contract(session, person, team[0], state=State.APPLIED)
    session.commit()
    leader = signed_in(team[1])
    path = f"/family-doctor/panel/{contract.id}/reject"
    refused = leader.post(path, data={"reason": "远"})
    assert refused.status_code == 422
    assert ">远</textarea>" in text(refused)
    assert leader.post(path, data={"reason": "建议签就近的团队"}).status_code == 302
    assert "建议签就近的团队" in text(signed_in(account.id).get("/family-doctor/mine"))


def test_an_unverified_resident_is_led_to_the_check(
    session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID]
) -> None:
    account = make_account(session, phone="12000000009")
    session.commit()
    browser = signed_in(account.id)
    assert "去实名认证" in text(browser.get(f"/family-doctor/teams/{team[0].id}"))
    assert browser.get("/family-doctor/mine").status_code == 200
    refused = browser.post(f"/family-doctor/teams/{team[0].id}/apply")
    assert refused.status_code == 409


def test_the_day_of_a_team(
    signed_in: Browser, team: tuple[Team, UUID, UUID], served: tuple[UUID, UUID]
) -> None:
    nurse = signed_in(team[2])
    page = text(nurse.get("/family-doctor/today"))
    assert "韦示例" in page
    assert "逾期 10 天" in page
    assert "高血压患者" in page
    assert "居民3" not in text(nurse.get("/family-doctor/today?group=04"))
    assert "居民3" not in text(nurse.get("/family-doctor/today?due=overdue"))
    assert "居民3" in text(nurse.get("/family-doctor/today?due=today"))
    english = text(nurse.get("/family-doctor/today?lang=en"))
    assert "Hypertension" in english
    assert "10 days late" in english


def test_recording_offers_what_is_due_first(
    session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID], served: tuple[UUID, UUID]
) -> None:
    contract = session.get_one(Contract, served[1])
    pack = make_pack(session, items={make_item(session, name="另购的服务").code: 2})
    make_entitlement(session, contract.person_id, pack)
    session.commit()
    nurse = signed_in(team[2])
    path = f"/service-records/new/{contract.person_id}"
    assert f"{path}?item=T02" in text(nurse.get("/family-doctor/today"))
    page = text(nurse.get(path))
    first, _, folded = page.partition('<details class="more">')
    assert "服务T02" in first
    assert "checked" in first
    assert "另购的服务" in folded
    assert "checked" not in folded
    item = pack_item(session, contract.person_id, pack.code)
    chosen = text(nurse.get(f"{path}?item={item}"))
    assert '<details class="more" open>' in chosen
    assert "checked" in chosen.partition("<details")[2]


def pack_item(session: Session, person_id: UUID, pack_code: str) -> str:
    """The code of the one item that the person holds of a pack."""
    query = (
        select(EntitlementItem.item_code)
        .join(Entitlement, Entitlement.id == EntitlementItem.entitlement_id)
        .where(Entitlement.person_id == person_id, Entitlement.pack_code == pack_code)
    )
    return session.scalars(query).one()


@pytest.mark.parametrize("search", ["韦", "试验村"])
def test_the_panel_finds_by_name_and_village(
    signed_in: Browser,
    team: tuple[Team, UUID, UUID],
    served: tuple[UUID, UUID],
    search: str,
) -> None:
    assert "韦示例" in text(signed_in(team[1]).get(f"/family-doctor/panel?search={search}"))


def test_the_panel_finds_by_the_last_four(
    session: Session, signed_in: Browser, team: tuple[Team, UUID, UUID]
) -> None:
    person = make_person(session, name="莫示例")
    make_contract(session, person, team[0])
    session.commit()
    nurse = signed_in(team[2])
    assert "莫示例" in text(nurse.get(f"/family-doctor/panel?search={number_of(person)[-4:]}"))
    assert "莫示例" not in text(nurse.get("/family-doctor/panel?search=0000x"))


def test_terminating_on_the_residents_page(
    signed_in: Browser, team: tuple[Team, UUID, UUID], served: tuple[UUID, UUID]
) -> None:
    leader = signed_in(team[1])
    path = f"/family-doctor/panel/{served[1]}"
    assert leader.post(f"{path}/terminate", data={"note": "x"}).status_code == 422
    done = leader.post(f"{path}/terminate", data={"reason": "moved"}, follow_redirects=True)
    assert "已解约" in text(done)
    assert "迁出本地" in text(leader.get(path))


def test_other_teams_and_residents_see_nothing(
    session: Session,
    signed_in: Browser,
    team: tuple[Team, UUID, UUID],
    served: tuple[UUID, UUID],
) -> None:
    _, rival, _ = make_team(session)
    neighbour, _ = make_resident(session)
    session.commit()
    for path in ("today", "panel", "applications"):
        page = f"/family-doctor/{path}?team_id={team[0].id}"
        assert signed_in(rival).get(page).status_code == 403
        assert signed_in(neighbour.id).get(page).status_code == 403
    assert signed_in(rival).get(f"/family-doctor/panel/{served[1]}").status_code == 403
    agreement = f"/family-doctor/contracts/{served[1]}/agreement"
    assert signed_in(neighbour.id).get(agreement).status_code == 403
    nurse = signed_in(team[2])
    assert nurse.post(f"/family-doctor/panel/{served[1]}/accept").status_code == 403
    unknown = f"/family-doctor/panel?team_id={new_id()}"
    assert signed_in(rival).get(unknown).status_code == 404


def test_every_page_keeps_within_its_statements(
    signed_in: Browser,
    count_statements: Counting,
    team: tuple[Team, UUID, UUID],
    served: tuple[UUID, UUID],
) -> None:
    resident, nurse = signed_in(served[0]), signed_in(team[2])
    pages = [
        (resident, "/family-doctor/"),
        (resident, f"/family-doctor/teams/{team[0].id}"),
        (resident, "/family-doctor/mine"),
        (nurse, "/family-doctor/today"),
        (nurse, "/family-doctor/today?group=04&due=overdue"),
        (nurse, "/family-doctor/applications"),
        (nurse, "/family-doctor/panel?search=居民"),
        (nurse, f"/family-doctor/panel/{served[1]}"),
    ]
    for browser, path in pages:
        with count_statements() as statements:
            assert browser.get(path).status_code == 200
        # The shell's bell asks one more.
        own = [each for each in statements.statements if "notifications_message" not in each]
        assert len(own) < MOST_STATEMENTS or browser is nurse, (path, own)
        assert len(own) <= MOST_STATEMENTS, (path, own)


def test_a_page_after_the_term(signed_in: Browser, served: tuple[UUID, UUID]) -> None:
    with clock.shifted(timedelta(days=400)):
        assert signed_in(served[0]).get("/family-doctor/mine").status_code in (200, 302)


def test_the_side_bar_says_what_waits(
    signed_in: Browser, team: tuple[Team, UUID, UUID], served: tuple[UUID, UUID]
) -> None:
    nurse = signed_in(team[2])
    for page in ("/family-doctor/today", "/family-doctor/panel", "/service-records/"):
        bar = text(nurse.get(page)).split('<ul class="side-nav">')[1].split("</nav>")[0]
        assert 'class="count">3<' in bar.split("/family-doctor/applications")[1], page
        assert 'class="count"' in bar.split("/family-doctor/today")[1].split("</a>")[0], page
