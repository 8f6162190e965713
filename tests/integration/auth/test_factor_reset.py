"""Staff who lost every second factor: two security administrators, a day, and a new one."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.jobs import settle_recoveries
from auth.models import Account, FactorReset, SignInSession, Totp
from auth.recovery import CONFIRM_WITHIN, WAIT
from auth.schemas import NoticeKind
from core import clock
from core.access import Role
from tests.factories.auth import make_account, make_phone, open_browser_session
from tests.factories.directory import CITY, COUNTY
from tests.integration.auth.granting import divisions
from tests.integration.auth.recovering import sent

__all__ = ["divisions", "sent"]


def test_two_security_administrators_let_staff_set_up_a_new_factor(
    session: Session,
    client: FlaskClient,
    signed_in: Callable[[UUID], FlaskClient],
    bearer: Callable[[UUID], dict[str, str]],
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    lost = make_account(session, name="黄失机", phone=make_phone(), roles={Role.ANALYST: [COUNTY]})
    lost.password_hash = "kept"
    session.add(Totp(account_id=lost.id, secret="lost", confirmed_at=clock.now()))
    open_browser_session(session, lost.id)
    first, second, twin = (make_account(session, roles={Role.SECURITY: [CITY]}) for _ in range(3))
    twin.human_index = first.human_index  # the same human by another account
    keeper = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    resident = make_account(session, phone=make_phone(), roles={})
    session.flush()
    page = f"/admin/accounts/{lost.id}"
    api = f"/api/v1/auth/accounts/{lost.id}/factor-reset"
    assert signed_in(keeper.id).post(f"{page}/factor-reset/begin").status_code == 403
    one, two = signed_in(first.id), signed_in(second.id)
    assert one.post(f"/admin/accounts/{resident.id}/factor-reset/begin").status_code == 403
    assert "重置第二步验证" in one.get(page).text
    one.post(f"{page}/factor-reset/begin")
    assert "factor-reset/confirm" not in one.get(page).text
    for alone in (first, twin):
        answer = client.post(f"{api}/confirmation", headers=bearer(alone.id))
        assert (answer.status_code, answer.get_json()["code"]) == (409, "second_person")
    assert "factor-reset/confirm" in two.get(page).text
    two.post(f"{page}/factor-reset/confirm")
    run_jobs()
    assert (lost.phone, NoticeKind.RESET_BEGUN) in sent
    with clock.shifted(WAIT - timedelta(minutes=1)):
        settle_recoveries()
    assert session.get(Totp, lost.id) is not None
    with clock.shifted(WAIT + timedelta(minutes=1)):
        settle_recoveries()
        settle_recoveries()
    session.expire_all()
    assert session.get(Totp, lost.id) is None
    assert session.get_one(Account, lost.id).password_hash == "kept"
    live = select(SignInSession).where(
        SignInSession.account_id == lost.id, SignInSession.ended_at.is_(None)
    )
    assert session.scalars(live).all() == []
    run_jobs()
    assert (lost.phone, NoticeKind.FACTORS_RESET) in sent


def test_a_reset_is_called_off_or_lapses(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    lost = make_account(session, roles={Role.ANALYST: [COUNTY]})
    guard = make_account(session, roles={Role.SECURITY: [CITY]})
    session.flush()
    api, headers = f"/api/v1/auth/accounts/{lost.id}/factor-reset", bearer(guard.id)
    assert client.post(api, headers=headers).get_json()["may_confirm"] is False
    assert client.post(api, headers=headers).status_code == 409
    assert client.delete(api, headers=headers).status_code == 204
    assert client.delete(api, headers=headers).status_code == 404
    assert client.post(api, headers=headers).status_code == 200
    with clock.shifted(CONFIRM_WITHIN + timedelta(minutes=1)):
        settle_recoveries()
    ended = session.scalars(select(FactorReset.ended_at)).all()
    assert len(ended) == 2 and None not in ended
