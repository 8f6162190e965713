"""The pages of a county of 43,000 residents, 17,000 contracts and 200,000 obligations: each answers
with few statements, none of which reads a large table from end to end.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from bench.panel_world import USERNAME
from bench.pgbench import recording
from core import database
from core.access import Role
from core.database import Base, transaction
from core.ids import new_id
from directory.models import Institution, Staff, TeamMember
from family_doctor.models import Contract, Dispute, Handover, Report, Transfer
from family_doctor.schemas import AnalysisTab, Measure, PanelSort, Standing
from family_doctor.states import State
from tests import postgres
from tests.conftest import _scratch
from tests.factories.auth import make_account
from tests.factories.signing import keep_own_signature
from tests.integration.family_doctor.county import LARGE, fill_county
from tests.integration.plans import read_whole

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
FEWER_STATEMENTS = 10
# The scratch database is in memory.
RANDOM_PAGE_COST = 1.1
HOME = "/family-doctor"
TABS = tuple(f"{HOME}/analysis/?tab={tab}" for tab in AnalysisTab)
BEHIND = tuple(
    f"{HOME}/analysis/people?figure={figure}" for figure in Measure if figure != Measure.REGISTERED
)
# These count or sort all of a unit: the residents of a township, the contracts of an institution.
# The scratch county is one township with one institution, which makes that whole tables.
OF_A_UNIT = (f"{HOME}/analysis/?", f"{HOME}/visits")
OF_THE_INSTITUTION = (*OF_A_UNIT, f"{HOME}/analysis/people", f"{HOME}/served/institution")


class Scene(NamedTuple):
    """The county with those who ask, by account, and one of each thing that has a page."""

    team: UUID
    contract: UUID
    accounts: dict[Role, UUID]
    ids: dict[type[Base], UUID]


@pytest.fixture(scope="module")
def scene(app: APIFlask, template: str) -> Iterator[Scene]:
    url = postgres.clone(_scratch, template, "county")
    engine = database.make_engine(url, 4)
    before = database.bound()
    database.use(engine)
    team = fill_county(engine)
    with transaction() as session:
        made = make_scene(session, team)
    yield made
    database.use(before)
    engine.dispose()
    postgres.drop(_scratch, url)


def make_scene(session: Session, team: UUID) -> Scene:
    contract = session.scalars(
        select(Contract)
        .where(Contract.team_id == team, Contract.state == State.ACTIVE)
        .order_by(Contract.id)
        .limit(1)
    ).one()
    leader = session.scalars(select(Account.id).where(Account.username == USERNAME)).one()
    institution = session.scalars(select(Institution.id)).one()
    keep_own_signature(session, leader)
    roles = {
        Role.MEMBER: [str(team)],
        Role.ADMINISTRATOR: [str(institution)],
        Role.ANALYST: ["990102"],
    }
    accounts = {
        role: make_account(session, roles={role: units}).id for role, units in roles.items()
    }
    nurse = Staff(
        id=new_id(), institution_id=institution, account_id=accounts[Role.MEMBER], name="示例",
        profession="nurse", title="", introduction="",
    )  # fmt: skip
    session.add(nurse)
    session.flush()
    session.add(TeamMember(team_id=team, staff_id=nurse.id, duty="nurse"))
    resident = make_account(session, person_id=contract.person_id).id
    ids: dict[type[Base], UUID] = {
        model: session.scalars(
            select(model.id).where(of_team == team).order_by(model.id).limit(1)
        ).one()
        for model, of_team in (
            (Dispute, Dispute.team_id),
            (Handover, Handover.team_id),
            (Report, Report.team_id),
            (Transfer, Transfer.from_team_id),
        )
    }
    accounts |= {Role.LEADER: leader, Role.RESIDENT: resident}
    return Scene(team, contract.id, accounts, ids)


def panel(scene: Scene) -> Iterator[str]:
    address = f"{HOME}/panel"
    yield address
    for standing in Standing:
        yield f"{address}?standing={standing}"
    for sort in PanelSort:
        yield f"{address}?sort={sort}"
    for filters in ("group=04", "village=第3村", "pack=B", "sex=male&age_from=60&age_to=80"):
        yield f"{address}?{filters}"
    yield f"{address}?standing=at_risk&group=04&sort=due"
    yield f"{address}?search=韦"
    yield f"{address}/filters"
    for part in ("", "/care", "/people", "/visits", "/medicines", "/plan", "/plans"):
        yield f"{address}/{scene.contract}{part}"


def work(scene: Scene) -> Iterator[str]:
    for page in (
        "today", "applications", "disputes", "disputes?closed=y", "refills", "refills?closed=y",
        "plan-templates", "served", "reports/", "reports/?members=y", "transfers/",
        "transfers/?outgoing=y", "teamwork/", "teamwork/handovers",
        "teamwork/handovers?whole_team=y", "visits", "ways", "ways/invitations",
        "ways/invitations?state=opened", "ways/on-behalf", "ways/on-site",
        f"disputes/{scene.ids[Dispute]}",
        f"transfers/{scene.ids[Transfer]}", f"teamwork/handovers/{scene.ids[Handover]}",
        f"teamwork/residents/{scene.contract}",
    ):  # fmt: skip
        yield f"{HOME}/{page}"
    yield "/residents/find?q=韦"


def leading(scene: Scene) -> Iterator[str]:
    village = f"team_id={scene.team}&village=第3村"
    yield f"{HOME}/teamwork/handover?{village}"
    yield f"{HOME}/transfers/new?{village}"
    yield f"{HOME}/reports/{scene.ids[Report]}"
    yield f"{HOME}/reports/{scene.ids[Report]}/figures/services"
    yield from TABS
    yield from BEHIND
    yield from ("/residents/claims", "/residents/bindings/", "/residents/phones/")


def administering(_scene: Scene) -> Iterator[str]:
    for page in ("disputes/to-decide", "reports/", "served/institution", "points/", "rules/"):
        yield f"{HOME}/{page}"
    yield from TABS
    yield from BEHIND
    yield "/residents/duplicates/"


def analysing(_scene: Scene) -> Iterator[str]:
    yield from TABS


def residents(_scene: Scene) -> Iterator[str]:
    for page in ("", "mine", "mine/plan", "family", "medicines", "medicines/requests"):
        yield f"{HOME}/{page}"
    yield from ("/", "/packs/mine", "/packs/mine/records", "/packs/mine/orders")


PAGES: tuple[tuple[Role, Callable[[Scene], Iterator[str]], tuple[str, ...]], ...] = (
    (Role.LEADER, panel, ()),
    (Role.LEADER, work, OF_A_UNIT),
    (Role.LEADER, leading, OF_A_UNIT),
    (Role.MEMBER, work, OF_A_UNIT),
    (Role.ADMINISTRATOR, administering, OF_THE_INSTITUTION),
    (Role.ANALYST, analysing, OF_THE_INSTITUTION),
    (Role.RESIDENT, residents, ()),
)


@pytest.mark.parametrize(
    ("role", "pages", "whole"), PAGES, ids=[f"{role}-{of.__name__}" for role, of, _ in PAGES]
)
def test_a_page_reads_little(
    scene: Scene,
    signed_in: Browser,
    count_statements: Counting,
    role: Role,
    pages: Callable[[Scene], Iterator[str]],
    whole: tuple[str, ...],
) -> None:
    browser = signed_in(scene.accounts[role])
    wrong = []
    for path in pages(scene):
        with count_statements() as counted, recording() as sent:
            status = browser.get(path).status_code
        read = {}
        if not path.startswith(whole):
            read = read_whole(sent, LARGE, random_page_cost=RANDOM_PAGE_COST)
        if status != 200 or len(counted) >= FEWER_STATEMENTS or read:
            wrong.append((path, status, len(counted), read))
    assert wrong == []
