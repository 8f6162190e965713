"""Of many at once with the same code one gets in."""

from concurrent.futures import ThreadPoolExecutor

from apiflask import APIFlask
from sqlalchemy import Engine, func, select

from auth import passwords
from auth.models import SignInSession, Totp
from auth.services import factors
from core import clock
from core.access import Role
from core.database import transaction
from tests.factories.auth import PASSWORD, make_account

AT_ONCE = 8


def test_a_recovery_code_opens_one_session(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        account = make_account(session, username="zhang", roles={Role.ANALYST: ["990100"]})
        account.password_hash = passwords.hash_password(PASSWORD)
        session.add(Totp(account_id=account.id, secret="x", confirmed_at=clock.now()))
        code = factors.make_recovery_codes(session, account.id)[0]
    body = {"username": "zhang", "password": PASSWORD}
    pending = [
        app.test_client().post("/api/v1/auth/tokens/password", json=body).json["pending"]  # type: ignore[index]
        for _ in range(AT_ONCE)
    ]

    def prove(token: str) -> int:
        proof = {"pending": token, "method": "kba", "code": code}
        return app.test_client().post("/api/v1/auth/tokens/second-factor", json=proof).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = sorted(pool.map(prove, pending))
    assert statuses == [201] + [422] * (AT_ONCE - 1)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 1
