"""The administrator's pages: a house's rules, the region's holidays."""

import re
from datetime import time

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import Holiday, Rule
from core import clock
from tests.factories.appointments import Clinic
from tests.factories.directory import make_institution
from tests.integration.appointments.planning import DAY, HOME, administrator, clinic, desk, form_of

__all__ = ["administrator", "clinic", "desk"]


def test_the_rules_of_a_house(
    session: Session, clinic: Clinic, desk: FlaskClient, administrator: FlaskClient
) -> None:
    address = f"{HOME}/rules/{clinic.institution.id}"
    page = administrator.get(address).text
    assert "公众号 100%" in page
    typed = form_of(page)
    refused = administrator.post(address, data=typed | {"active_limit": "1"})
    assert refused.status_code == 422
    assert "不能少于每天的次数" in refused.text
    full = typed | {"onsite_share": "60", "elderly_share": "50"}
    assert "各类预留加起来不能超过百分之一百" in administrator.post(address, data=full).text
    more = {"onsite_share": "10", "horizon.admission": "21", "release.admission": "09:30"}
    page = administrator.post(address, data=typed | more, follow_redirects=True).text
    assert "公众号 90%" in page
    rule = session.get_one(Rule, clinic.institution.id, populate_existing=True)
    assert rule.by_kind["admission"] == {"horizon_days": 21, "release_time": "09:30"}
    assert rule.by_kind["expert"] == {"horizon_days": 14}
    # Made on the version before; the same form, so that only the version is older.
    stale = administrator.post(address, data=typed | more | {"_once": "another"})
    assert stale.status_code == 409
    # The desk reads them.
    assert "保存规则" not in desk.get(address).text
    assert desk.post(address, data=typed).status_code == 403


def test_a_house_without_rules_begins_with_the_usual_ones(
    session: Session, administrator: FlaskClient
) -> None:
    house = make_institution(session)
    session.commit()
    address = f"{HOME}/rules/{house.id}"
    assert "还没有开放预约" in administrator.get(address).text
    page = administrator.post(f"{address}/begin", follow_redirects=True).text
    assert "已开放预约" in page
    rule = session.get_one(Rule, house.id)
    assert (rule.horizon_days, rule.quiet_from, rule.quiet_until) == (7, time(22), time(7))
    # The pack's shares and queue, not the columns' defaults.
    shares = rule.family_doctor_share, rule.referral_share, rule.onsite_share, rule.elderly_share
    assert shares == (20, 10, 10, 5)
    assert (rule.queue_minutes, rule.queue_rate) == (30, 20)
    assert rule.by_kind == {"expert": {"horizon_days": 14}}
    assert "公众号 55%" in page
    assert house.name in administrator.get(f"{HOME}/rules").text


def test_quiet_hours_are_set_moved_and_left_out(
    session: Session, clinic: Clinic, administrator: FlaskClient
) -> None:
    address = f"{HOME}/rules/{clinic.institution.id}"
    hours = {"quiet_from": "22:00", "quiet_until": "07:00"}

    def save(**typed: str) -> str:
        form = form_of(administrator.get(address).text) | typed
        return administrator.post(address, data=form, follow_redirects=True).text

    def kept() -> tuple[time | None, time | None]:
        rule = session.get_one(Rule, clinic.institution.id, populate_existing=True)
        return rule.quiet_from, rule.quiet_until

    assert "要么都填，要么都不填" in save(quiet_from="22:00")
    assert "要么都填，要么都不填" in save(quiet_until="07:00")
    assert "不能是同一时间" in save(quiet_from="07:00", quiet_until="07:00")
    assert kept() == (None, None)
    page = save(**hours)
    assert kept() == (time(22), time(7))
    assert form_of(page).items() >= hours.items()
    assert "夜间暂停：开始" in page.split("变更记录")[1]
    save(quiet_from="", quiet_until="")
    assert kept() == (None, None)


def test_how_often_one_is_called_again_and_who_goes_before(
    session: Session, clinic: Clinic, administrator: FlaskClient
) -> None:
    address = f"{HOME}/rules/{clinic.institution.id}"
    typed = form_of(administrator.get(address).text)
    assert (typed["recall_max"], typed["skip_behind"]) == ("3", "3")
    wrong = typed | {"recall_max": "10", "skip_behind": "0"}
    refused = administrator.post(address, data=wrong)
    assert refused.status_code == 422
    for name in ("recall_max", "skip_behind"):
        assert re.search(f'id="field-{name}"[^>]*aria-invalid="true"', refused.text)
    given = typed | {"recall_max": "1", "skip_behind": "5", "_once": "another"}
    page = administrator.post(address, data=given, follow_redirects=True).text
    assert "过号后让几人" in page.split("变更记录")[1]
    rule = session.get_one(Rule, clinic.institution.id, populate_existing=True)
    assert (rule.recall_max, rule.skip_behind) == (1, 5)


def test_what_would_close_before_its_release_is_refused(
    session: Session, clinic: Clinic, administrator: FlaskClient
) -> None:
    address = f"{HOME}/rules/{clinic.institution.id}"
    typed = form_of(administrator.get(address).text)

    def saved(**other: str) -> bool:
        key = " ".join(other.values())
        sent = {**typed, "_once": key, **{name.replace("__", "."): v for name, v in other.items()}}
        answer = administrator.post(address, data=sent)
        assert answer.status_code in (302, 422)
        refused = re.search(r'id="field-close_minutes"[^>]*aria-invalid="true"', answer.text)
        assert bool(refused) == (answer.status_code == 422), answer.text
        typed["version"] = form_of(administrator.get(address).text)["version"]
        return answer.status_code == 302

    # The day before at 23:00, the first visit at 8:00: nine hours.
    assert not saved(horizon_days="1", release_time="23:00", close_minutes="540")
    assert saved(horizon_days="1", release_time="23:00", close_minutes="539")
    # A kind of its own days, of its own time, and of both.
    assert not saved(close_minutes="1440", horizon__admission="1", release__admission="08:00")
    assert not saved(close_minutes="1440", release_time="08:00", horizon__expert="1")
    assert not saved(close_minutes="1440", horizon_days="1", release__online="23:00")
    assert saved(close_minutes="1440", horizon__admission="1", release__admission="07:59")


def test_holidays(session: Session, desk: FlaskClient, administrator: FlaskClient) -> None:
    address = f"{HOME}/holidays"
    day = clock.today() + DAY
    typed = {"day": day.isoformat(), "name": "试验节"}
    assert "试验节" in administrator.post(address, data=typed, follow_redirects=True).text
    page = desk.get(address).text
    assert "试验节" in page
    assert "/remove" not in page
    assert desk.post(address, data=typed).status_code == 403
    assert administrator.post(f"{address}/no-day/remove").status_code == 404
    page = administrator.post(f"{address}/{day}/remove", follow_redirects=True).text
    assert "试验节" not in page
    assert session.get(Holiday, day) is None
