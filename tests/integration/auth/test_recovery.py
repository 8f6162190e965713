"""A lost phone: two members of staff, a day for the old contact to object, then the new one."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.jobs import settle_recoveries
from auth.models import (
    Account,
    Notice,
    RecoveryCase,
    RoleGrant,
    SignInSession,
    Totp,
    UpstreamIdentity,
)
from auth.recovery import (
    CONFIRM_WITHIN,
    MOVES,
    OPEN,
    REVIEWED_WAIT,
    WAIT,
    Move,
    State,
    state_after,
    states_before,
)
from auth.schemas import NoticeKind
from auth.services import wechat
from auth.services.recovery import PAPERS_PER_DAY
from auth.services.sign_in import Origin
from core import clock
from core.access import Role
from core.models import AuditEvent
from residents.models import Person
from tests.factories.auth import make_account, open_browser_session
from tests.factories.directory import CITY, COUNTY
from tests.factories.identities import join_provider, join_wechat
from tests.factories.residents import make_resident, number_of
from tests.integration.auth.recovering import Counter, counter, sent
from wechat.schemas import App, WeChatUser

__all__ = ["counter", "sent"]


def test_the_machine_is_explicit() -> None:
    assert states_before(Move.WITHDRAW) == OPEN
    assert states_before(Move.TAKE_EFFECT) == {State.WAITING, State.REVIEWED}
    assert states_before(Move.OBJECT) == {State.WAITING}
    assert all(state_after(move) in State for _, move in MOVES)
    ended = {State.DONE, State.OBJECTED, State.WITHDRAWN, State.LAPSED}
    assert not any(state in ended for state, _ in MOVES)


def test_two_members_of_staff_a_day_and_the_new_phone_takes_over(
    counter: Counter,
    session: Session,
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    session.add(Totp(account_id=counter.account.id, secret="lost", confirmed_at=clock.now()))
    open_browser_session(session, counter.account.id)
    finder = WeChatUser(app=App.MINI_PROGRAM, app_id="wx1", openid="found the phone", unionid=None)
    join_wechat(session, counter.account.id, finder)
    role = join_provider(session, counter.account.id, counter.unit)
    session.flush()
    case = counter.begin(sent)
    assert sent[-1][0] == counter.new_phone
    assert counter.state(case) == State.BEGUN
    assert counter.confirm(counter.second, case) == 303
    run_jobs()
    assert sent[-1][0] == counter.old_phone
    assert "/auth/objection?code=" in sent[-1][1]
    with clock.shifted(WAIT - timedelta(minutes=1)):
        settle_recoveries()
    assert counter.state(case) == State.WAITING
    with clock.shifted(WAIT + timedelta(minutes=1)):
        settle_recoveries()
        settle_recoveries()
    session.expire_all()
    assert counter.state(case) == State.DONE
    assert session.get_one(Account, counter.account.id).phone == counter.new_phone
    assert session.get(Totp, counter.account.id) is None
    # Nor does a WeChat or a provider of whoever had the phone lead in any more.
    assert wechat.sign_in(session, finder, Origin("192.0.2.1")).signed_in is None
    assert session.scalars(select(UpstreamIdentity)).all() == []
    assert session.get_one(RoleGrant, role).ended_at is not None
    live = select(func.count()).where(
        SignInSession.account_id == counter.account.id, SignInSession.ended_at.is_(None)
    )
    assert session.scalar(live) == 0
    run_jobs()
    session.expire_all()
    assert session.get_one(Person, counter.person.id).phone == counter.new_phone
    assert {phone for phone, _ in sent[-2:]} == {counter.old_phone, counter.new_phone}


def test_the_old_contact_stops_it(
    counter: Counter,
    session: Session,
    client: FlaskClient,
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    case = counter.begin(sent)
    counter.confirm(counter.second, case)
    run_jobs()
    link = sent[-1][1].split("/auth/objection")[1]
    code = link.split("=")[1]
    assert code in client.get(f"/auth/objection{link}").text
    assert counter.state(case) == State.WAITING  # a look is no objection
    assert client.post("/auth/objection", data={"code": "x" * 32}).status_code == 404
    cut = client.post("/auth/objection", data={"code": code[:5]})
    assert (cut.status_code, "链接不完整" in cut.text) == (422, True)
    for _ in range(2):
        assert client.post("/auth/objection", data={"code": code}).status_code == 200
    assert counter.state(case) == State.CONTESTED
    with clock.shifted(WAIT * 2):
        settle_recoveries()
    session.expire_all()
    assert session.get_one(Account, counter.account.id).phone == counter.old_phone
    late = client.post("/api/v1/auth/recoveries/objections", json={"code": code})
    assert late.status_code == 204
    kept = session.scalars(select(RecoveryCase.objection_hash)).one()
    assert kept and code.encode() not in kept


def test_who_kept_the_old_phone_does_not_lock_the_owner_out(
    counter: Counter,
    session: Session,
    client: FlaskClient,
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    """A third member of staff, who runs no desk, weighs the objection with the papers."""
    guard = make_account(session, roles={Role.SECURITY: [CITY]})
    session.flush()
    case = counter.begin(sent)
    counter.confirm(counter.second, case)
    run_jobs()
    code = sent[-1][1].split("=")[1]
    assert client.post("/auth/objection", data={"code": code}).status_code == 200
    page = f"/auth/recovery/{case}"
    security, desk = counter.browser(guard.id), counter.browser(counter.second)
    assert "被阻止，等复核" in security.get("/auth/recovery/").text
    assert "/overrule" in security.get(page).text
    assert "/overrule" not in desk.get(page).text
    assert desk.post(f"{page}/overrule", data=counter.papers()).status_code == 403
    assert security.post(f"{page}/overrule", data=counter.papers(name="冒名者")).status_code == 422
    assert security.post(f"{page}/overrule", data=counter.papers()).status_code == 303
    run_jobs()
    assert sent[-1] == (counter.old_phone, NoticeKind.RECOVERY_REVIEWED)
    # The link stops nothing any more: who still says no comes in person.
    late = client.post("/auth/objection", data={"code": code})
    assert (late.status_code, "到就近机构办理" in late.text) == (409, True)
    assert "不是我，阻止更换" not in late.text
    with clock.shifted(WAIT * 3):
        settle_recoveries()
    assert counter.state(case) == State.REVIEWED
    with clock.shifted(REVIEWED_WAIT + timedelta(minutes=1)):
        settle_recoveries()
    assert counter.state(case) == State.DONE
    session.expire_all()
    assert session.get_one(Account, counter.account.id).phone == counter.new_phone
    late = client.post("/auth/objection", data={"code": code})
    assert (late.status_code, "手机号已经更换" in late.text) == (409, True)


def test_an_objection_may_stand_and_nobody_weighs_their_own_case(
    counter: Counter,
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    guard = make_account(session, roles={Role.SECURITY: [CITY]})
    session.flush()
    case = counter.begin(sent)
    counter.confirm(counter.second, case)
    run_jobs()
    client.post("/auth/objection", data={"code": sent[-1][1].split("=")[1]})
    path, headers = f"/api/v1/auth/recoveries/{case}", bearer(guard.id)
    # Even with the duty, who confirmed it, or is in one hand with who did, is no third person.
    session.execute(update(RecoveryCase).values(confirmed_by=guard.id))
    assert client.post(f"{path}/upholding", headers=headers).status_code == 403
    session.execute(update(RecoveryCase).values(confirmed_by=counter.second))
    upheld = client.post(f"{path}/upholding", headers=headers)
    assert upheld.json and upheld.json["state"] == "objected"
    assert (
        client.post(f"{path}/overruling", json=counter.papers(), headers=headers).status_code == 409
    )


def test_papers_must_be_right_both_times(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    _, stranger = make_resident(session)
    session.flush()
    assert counter.show(counter.first, name="冒名者").status_code == 422
    assert counter.show(counter.first, id_number="45080219570312002X").status_code == 422
    assert counter.show(counter.first, unit=counter.other_unit).status_code == 422
    assert counter.show(counter.first, phone=counter.old_phone).status_code == 422
    assert sent == []
    case = counter.begin(sent)
    assert counter.confirm(counter.second, case, name="冒名者") == 422
    assert counter.confirm(counter.second, case, id_number=number_of(stranger)) == 422
    assert counter.state(case) == State.BEGUN


def test_papers_are_limited_by_member_of_staff(
    counter: Counter, sent: list[tuple[str, str]]
) -> None:
    for _ in range(PAPERS_PER_DAY):
        assert counter.show(counter.first, name="冒名者").status_code == 422
    assert counter.show(counter.first).status_code == 429
    assert counter.show(counter.second).status_code == 200


def test_a_second_case_waits_for_the_first(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    case = counter.begin(sent)
    page = counter.show(counter.second)
    form = {
        "account_id": str(counter.account.id),
        "unit": counter.unit,
        "challenge_id": page.text.split('name="challenge_id" value="')[1].split('"')[0],
        "code": sent[-1][1],
    }
    answer = counter.browser(counter.second).post("/auth/recovery/begin", data=form)
    assert answer.status_code == 409
    counter.browser(counter.second).post(f"/auth/recovery/{case}/withdraw")
    assert counter.state(case) == State.WITHDRAWN


def test_what_nobody_confirms_lapses(counter: Counter, sent: list[tuple[str, str]]) -> None:
    case = counter.begin(sent)
    with clock.shifted(CONFIRM_WITHIN + timedelta(minutes=1)):
        settle_recoveries()
    assert counter.state(case) == State.LAPSED
    assert counter.confirm(counter.second, case) == 409


def test_a_code_for_one_account_is_none_for_another(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    """The hidden fields say whose papers were seen; the code knows better."""
    other, _ = make_resident(session)
    session.flush()
    page = counter.show(counter.first)
    form = {
        "account_id": str(other.id),
        "unit": counter.unit,
        "challenge_id": page.text.split('name="challenge_id" value="')[1].split('"')[0],
        "code": sent[-1][1],
    }
    answer = counter.browser(counter.first).post("/auth/recovery/begin", data=form)
    assert answer.status_code == 422
    assert session.scalar(select(func.count()).select_from(RecoveryCase)) == 0


def test_an_empty_account_gives_the_new_phone_away(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    """Who lost their phone often tried to sign in with the new one first."""
    tried = make_account(session, phone=counter.new_phone)
    session.flush()
    case = counter.begin(sent)
    counter.confirm(counter.second, case)
    with clock.shifted(WAIT + timedelta(minutes=1)):
        settle_recoveries()
    session.expire_all()
    assert session.get_one(Account, counter.account.id).phone == counter.new_phone
    assert session.get_one(Account, tried.id).disabled_at is not None


def test_a_phone_that_became_somebody_elses_is_not_taken(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    case = counter.begin(sent)
    counter.confirm(counter.second, case)
    make_account(session, username="somebody", phone=counter.new_phone)
    session.flush()
    with clock.shifted(WAIT + timedelta(minutes=1)):
        settle_recoveries()
    assert counter.state(case) == State.LAPSED


def test_every_step_is_in_the_audit(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    case = counter.begin(sent)
    counter.confirm(counter.first, case)
    counter.confirm(counter.second, case)
    rows = session.execute(
        select(AuditEvent.account_id, AuditEvent.action, AuditEvent.outcome).where(
            AuditEvent.person_id == counter.person.id, AuditEvent.action.endswith("-recovery")
        )
    ).all()
    assert (counter.first, "auth:begin-recovery", "allowed") in rows
    assert (counter.first, "auth:confirm-recovery", "denied") in rows
    assert (counter.second, "auth:confirm-recovery", "allowed") in rows


def test_lists_show_ones_own_institutions_only(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    counter.begin(sent)
    administrator = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    session.flush()
    name = counter.person.name
    assert name in counter.browser(counter.second).get("/auth/recovery/").text
    assert name in counter.browser(administrator.id).get("/auth/recovery/").text
    assert name not in counter.browser(counter.elsewhere).get("/auth/recovery/").text
    assert counter.browser(counter.account.id).get("/auth/recovery/").status_code == 403


def test_the_api_does_the_same(
    counter: Counter,
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    sent: list[tuple[str, str]],
) -> None:
    first, second = bearer(counter.first), bearer(counter.second)
    body = counter.papers(unit=counter.unit, phone=counter.new_phone)
    path = "/api/v1/auth/recoveries"
    seen = client.post(f"{path}/papers", json=body, headers=first).json
    assert seen
    body = {
        "account_id": seen["account_id"],
        "challenge_id": seen["challenge_id"],
        "unit": counter.unit,
        "code": sent[-1][1],
    }
    case = client.post(path, json=body, headers=first).json
    assert case
    assert case["state"] == "begun"
    papers = counter.papers()
    twice = client.post(f"{path}/{case['id']}/confirmation", json=papers, headers=first)
    assert twice.status_code == 403
    done = client.post(f"{path}/{case['id']}/confirmation", json=papers, headers=second)
    assert done.json and done.json["state"] == "waiting"
    listed = client.get(path, headers=second).json
    assert listed and [item["id"] for item in listed["items"]] == [case["id"]]
    assert session.scalar(select(func.count()).select_from(Notice)) == 1
    gone = client.delete(f"{path}/{case['id']}", headers=second)
    assert gone.json and gone.json["state"] == "withdrawn"
