"""A region that was loaded before its rules grew gets them, and keeps what people decided."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from appointments.models import ConductRule, Rule, Symptom
from appointments.public import Brought
from appointments.queries.planning import rules_history
from appointments.schemas import ChangeConductRule, ChangeRules, RulesView
from appointments.services.review import change_rule
from appointments.services.rules import change_rules
from core import database
from core.access import Role
from core.paging import PageQuery
from directory.models import Institution
from regions.commands import OPERATOR
from regions.load.region import load_organisation
from regions.load.update import NotLoaded, update_region
from regions.pack import RegionPack
from tests.factories.auth import actor_for, make_account
from tests.integration.regions.conftest import bound_clone

# As many rules as the pack has for two hospitals and for conduct.
RULES = 2 + 4


@pytest.fixture
def region(app: APIFlask, template: str, small_pack: RegionPack) -> Iterator[Session]:
    """The organisation and its rules, in an open transaction that is not kept."""
    with bound_clone(template) as engine:
        with database.transaction() as session:
            load_organisation(session, small_pack)
        with Session(engine, expire_on_commit=False) as session:
            yield session
            session.rollback()


def old(session: Session, pack: RegionPack) -> None:
    """As if loaded before there were conduct rules, symptoms and quiet hours."""
    session.execute(delete(ConductRule))
    session.execute(delete(Symptom))
    session.execute(update(Rule).values(quiet_from=None, quiet_until=None))
    assert pack.appointment_rules.waitlist.quiet_from == time(22)


def hospitals(session: Session) -> list[Rule]:
    query = select(Rule).join(Institution, Institution.id == Rule.institution_id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def test_what_is_new_comes_once(region: Session, small_pack: RegionPack) -> None:
    assert update_region(region, OPERATOR, small_pack) == {Brought.SAME: RULES}
    old(region, small_pack)
    brought = update_region(region, OPERATOR, small_pack)
    assert brought == {Brought.MADE: 4, Brought.CHANGED: 2}
    codes = {rule.code for rule in small_pack.conduct_rules}
    assert set(region.scalars(select(ConductRule.code))) == codes
    assert len(region.scalars(select(Symptom.word)).all()) == len(list(small_pack.searched()))
    for rule in hospitals(region):
        assert (rule.quiet_from, rule.quiet_until, rule.version) == (time(22), time(7), 2)
        [change] = rules_history(region, rule.institution_id, PageQuery()).items
        assert change.actor_name == "console"
        assert change.changes == {"quiet_from": [None, "22:00"], "quiet_until": [None, "07:00"]}
    assert update_region(region, OPERATOR, small_pack) == {Brought.SAME: RULES}


def test_what_an_administrator_changed_stays(region: Session, small_pack: RegionPack) -> None:
    old(region, small_pack)
    update_region(region, OPERATOR, small_pack)
    city = region.scalars(select(Institution.division_code)).first()
    assert city
    account = make_account(region, roles={Role.ADMINISTRATOR: [city[:4] + "00"]})
    actor = actor_for(region, account.id)
    first, second = hospitals(region)
    view = RulesView.model_validate(first).model_dump(exclude={"institution_id", "public_share"})
    change_rules(
        region, actor, first.institution_id, ChangeRules(**view | {"quiet_from": time(21)})
    )
    conduct = region.scalars(select(ConductRule).where(ConductRule.code == "too_fast")).one()
    values = {name: getattr(conduct, name) for name in ChangeConductRule.model_fields}
    change_rule(region, actor, "too_fast", ChangeConductRule(**values | {"enabled": False}))
    rules = small_pack.appointment_rules
    later = rules.waitlist.model_copy(update={"quiet_until": time(8)})
    pack = replace(small_pack, appointment_rules=rules.model_copy(update={"waitlist": later}))
    brought = update_region(region, OPERATOR, pack)
    assert brought == {Brought.KEPT: 2, Brought.CHANGED: 1, Brought.SAME: 3}
    times = {rule.institution_id: (rule.quiet_from, rule.quiet_until) for rule in hospitals(region)}
    assert times == {
        first.institution_id: (time(21), time(7)),
        second.institution_id: (time(22), time(8)),
    }
    region.refresh(conduct)
    assert conduct.enabled is False


def test_a_house_that_is_closed_to_booking_is_not_opened(
    region: Session, small_pack: RegionPack
) -> None:
    closed, _ = (rule.institution_id for rule in hospitals(region))
    region.execute(delete(Rule).where(Rule.institution_id == closed))
    region.execute(update(Institution).where(Institution.id == closed).values(bookable=False))
    assert update_region(region, OPERATOR, small_pack) == {Brought.SAME: RULES - 1}
    region.execute(update(Institution).where(Institution.id == closed).values(bookable=True))
    assert update_region(region, OPERATOR, small_pack)[Brought.MADE] == 1


def test_another_region_is_refused(region: Session, small_pack: RegionPack) -> None:
    elsewhere = tuple(
        each.model_copy(update={"code": f"X{each.code}"}) for each in small_pack.institutions
    )
    with pytest.raises(NotLoaded):
        update_region(region, OPERATOR, replace(small_pack, institutions=elsewhere))


def test_the_command_says_what_it_did(app: APIFlask, template: str, small_pack: RegionPack) -> None:
    run = app.test_cli_runner().invoke
    with bound_clone(template) as engine:
        refused = run(args=["region", "update", "guigang"])
        assert refused.exit_code == 1
        assert "load it first" in refused.output
        assert run(args=["region", "update", "nowhere"]).exit_code == 2
        with database.transaction() as session:
            load_organisation(session, small_pack)
            session.execute(delete(ConductRule))
        first = run(args=["region", "update", "guigang"]).output
        assert ": 4 rules are new, 0 changed, 0 kept" in first
        again = run(args=["region", "update", "guigang"]).output
        assert ": 0 rules are new, 0 changed, 0 kept" in again
        with engine.connect() as connection:
            codes = connection.scalars(select(ConductRule.code)).all()
        assert len(codes) == len(small_pack.conduct_rules)
