"""Many at once: a way is used by one, an identity joined by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine, func, select

from auth.models import UpstreamArrival, UpstreamIdentity
from auth.services import upstream as services
from core import clock
from core.access import Actor
from core.crypto import token_hash
from core.database import transaction
from core.errors import Conflict
from tests.factories.auth import make_account, make_phone
from tests.factories.upstream import make_upstream

AT_ONCE = 20
T = TypeVar("T")


def outcomes(work: Callable[[int], T]) -> tuple[int, int]:
    """How many of AT_ONCE were done, and how many refused by a Conflict; nothing else may come."""

    def tried(number: int) -> bool:
        try:
            work(number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(tried, range(AT_ONCE)))
    return sum(done), AT_ONCE - sum(done)


def test_of_many_callbacks_one_counts(committed_database: Engine) -> None:
    with transaction() as session:
        upstream = make_upstream(session).id
        way = services.set_out(session, upstream, "browser", "/", None)

    def come_back(_number: int) -> None:
        with transaction() as session:
            services.come_back(session, upstream, way.state, "browser")

    assert outcomes(come_back) == (1, AT_ONCE - 1)


def test_of_many_who_join_one_identity_one_gets_it(committed_database: Engine) -> None:
    with transaction() as session:
        upstream = make_upstream(session).id
        accounts = [make_account(session, phone=make_phone()).id for _ in range(AT_ONCE)]
        now = clock.now()
        for number in range(AT_ONCE):
            session.add(
                UpstreamArrival(
                    browser_hash=token_hash(f"browser {number}"),
                    upstream_id=upstream,
                    subject="somebody",
                    roles=[],
                    assurance=1,
                    authenticated_at=now,
                    expires_at=now + services.ARRIVAL_LIFETIME,
                )
            )

    def join(number: int) -> None:
        with transaction() as session:
            actor = Actor(accounts[number], authenticated_at=clock.now())
            services.join(session, actor, f"browser {number}")

    assert outcomes(join) == (1, AT_ONCE - 1)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(UpstreamIdentity)) == 1
