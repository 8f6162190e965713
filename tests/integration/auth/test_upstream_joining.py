"""Accounts elsewhere and here: joined after proof of both, opened where allowed, parted again."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.assurance import FRESH
from auth.models import (
    Account,
    Notice,
    Passkey,
    RoleGrant,
    SignInSession,
    Totp,
    Upstream,
    UpstreamArrival,
    UpstreamIdentity,
)
from auth.queries.upstream import list_rules
from auth.schemas import EndRole, GrantRole, NoticeKind
from auth.schemas.upstream import MapRole, UnmapRole, UpstreamVersion
from auth.services import upstream_administration as administration
from auth.services.accounts import grant_role
from auth.services.grants import end_role, give_role
from auth.services.identities import part_upstream
from core import clock
from core.access import Actor, Role
from core.models import AuditEvent, ChangeRecord
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import CITY, COUNTY, make_divisions, make_institution
from tests.factories.identities import join_wechat
from tests.factories.residents import make_person
from tests.factories.upstream import (
    DESK,
    PLAIN,
    STATISTICS,
    Traveller,
    make_upstream,
    provider_running,
)
from wechat.schemas import App, WeChatUser

Browser = Callable[[UUID], FlaskClient]
JOIN, OPEN, LINKS = "/auth/upstream/join", "/auth/upstream/account", "/auth/identities"
NEXT = "/appointments/hospitals"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider_running() as issuer:
        yield issuer


@pytest.fixture
def upstream(issuer: str, session: Session) -> Upstream:
    make_divisions(session)
    return make_upstream(session, issuer)


@pytest.fixture
def traveller(issuer: str, client: FlaskClient, upstream: Upstream) -> Traveller:
    return Traveller(client, issuer, upstream.id)


@pytest.fixture
def resident(session: Session) -> Account:
    return make_account(session, name="居民甲", phone=make_phone())


def at(traveller: Traveller, portal: FlaskClient) -> Traveller:
    return Traveller(portal, traveller.issuer, traveller.upstream_id)


def current_grants(session: Session) -> set[tuple[str, str]]:
    query = select(RoleGrant).where(RoleGrant.ended_at.is_(None))
    return {(grant.role, grant.unit) for grant in session.scalars(query)}


def test_the_door_offers_providers_that_are_open(
    client: FlaskClient, session: Session, upstream: Upstream
) -> None:
    make_upstream(session, "https://closed.example", name="已关闭的来源").disabled_at = clock.now()
    session.flush()
    page = client.get(f"/auth/sign-in?next={NEXT}")
    assert f"/auth/upstream/{upstream.id}?next={NEXT}" in page.text
    assert "已关闭的来源" not in page.text


def test_a_new_person_gets_an_account_where_the_provider_may_open_one(
    traveller: Traveller, session: Session, upstream: Upstream
) -> None:
    arrived = traveller.travel(next=NEXT)
    page = traveller.portal.get(arrived.location)
    for text in ("建立新账号", "登录已有账号", "韦示例"):
        assert text in page.text
    opened = traveller.portal.post(OPEN, data={"next": NEXT})
    assert (opened.status_code, opened.location) == (302, NEXT)
    account = session.scalars(select(Account)).one()
    assert (account.display_name, account.password_hash, account.phone) == ("韦示例", None, None)
    sign_in = session.scalars(select(SignInSession)).one()
    assert (sign_in.methods, sign_in.assurance) == (["fed"], 1)

    # Coming again, the account is found at once, and nothing new is made.
    again = traveller.travel(next=NEXT)
    assert (again.status_code, again.location) == (302, NEXT)
    assert session.scalar(select(func.count()).select_from(Account)) == 1
    # The page of the first time is used up.
    assert traveller.portal.post(OPEN, data={"next": NEXT}).status_code == 409


def test_no_account_is_opened_where_the_provider_may_not(
    traveller: Traveller, session: Session, upstream: Upstream
) -> None:
    upstream.just_in_time = False
    session.flush()
    page = traveller.portal.get(traveller.travel(next=NEXT).location)
    assert ("建立新账号" in page.text, "登录已有账号" in page.text) == (False, True)
    refused = traveller.portal.post(OPEN, data={"next": NEXT})
    assert (refused.status_code, "upstream_closed" in refused.text) == (403, True)
    assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_somebody_signed_in_may_sign_out_and_open_a_new_account(
    traveller: Traveller,
    session: Session,
    upstream: Upstream,
    resident: Account,
    signed_in: Browser,
) -> None:
    upstream.linking = False
    session.flush()
    browser = at(traveller, signed_in(resident.id))
    here = browser.travel(next=NEXT).location
    page = browser.portal.get(here).text
    assert ("请先退出登录" in page, "也不能建立新账号" in page) == (True, False)
    assert f'name="next" value="{JOIN}?next={NEXT}"' in page
    left = browser.portal.post("/auth/sign-out", data={"next": here})
    assert left.location == here
    assert "建立新账号" in browser.portal.get(here).text
    assert browser.portal.post(OPEN, data={"next": NEXT}).location == NEXT
    assert session.scalar(select(func.count()).select_from(Account)) == 2


def test_a_role_that_was_taken_back_does_not_come_again(
    traveller: Traveller, session: Session, upstream: Upstream, administrator: Actor
) -> None:
    institution = make_institution(session)
    rule = MapRole(value="desk", role=Role.REGISTRAR, unit=str(institution.id))
    administration.map_role(session, administrator, upstream.id, rule)
    traveller.travel(DESK)
    traveller.portal.post(OPEN)
    before = {("administrator", CITY)}
    given = before | {("registrar", str(institution.id))}
    assert current_grants(session) == given
    account = session.scalars(select(Account).where(Account.display_name == "黄示例")).one()
    end_role(session, administrator, account.id, EndRole(role=rule.role, unit=rule.unit))
    session.flush()
    traveller.travel(DESK)
    assert current_grants(session) == before
    # Nor by parting and joining anew.
    identity = session.scalars(select(UpstreamIdentity)).one()
    part_upstream(session, identity)
    session.flush()
    traveller.travel(DESK, join="yes")
    traveller.portal.post(JOIN)
    assert current_grants(session) == before
    give_role(session, administrator, account.id, GrantRole(role=rule.role, unit=rule.unit))
    assert current_grants(session) == given


def test_an_account_is_joined_by_who_proved_both(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    browser = at(traveller, signed_in(resident.id))
    arrived = browser.travel(join="yes", next=LINKS)
    assert arrived.location == f"{JOIN}?next={LINKS}"
    page = browser.portal.get(arrived.location)
    assert all(text in page.text for text in ("居民甲", "韦示例", "连接到这个账号"))
    joined = browser.portal.post(arrived.location, data={"next": LINKS})
    assert (joined.status_code, joined.location) == (303, LINKS)
    assert "已连接" in browser.portal.get(LINKS).text
    actions = set(session.scalars(select(AuditEvent.action)))
    assert "auth:link-identity" in actions
    assert session.scalars(select(Notice.kind)).all() == [NoticeKind.PROVIDER_JOINED]

    # From now on the provider opens this account, in any browser.
    assert traveller.travel(next=NEXT).location == NEXT
    assert "居民甲" in traveller.portal.get("/").text
    methods = session.scalars(select(SignInSession.methods).order_by(SignInSession.created_at))
    assert list(methods)[-1] == ["fed"]


def test_joining_wants_a_fresh_proof(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    browser = at(traveller, signed_in(resident.id))
    arrived = browser.travel(join="yes", next=LINKS)
    old = clock.now() - FRESH - timedelta(seconds=1)
    session.execute(update(SignInSession).values(authenticated_at=old))
    # Before the browser leaves,
    asked = browser.set_out(join="yes", next=LINKS)
    assert (asked.status_code, asked.location) == (302, f"/auth/step-up?next={LINKS}")
    assert browser.portal.get(asked.location).status_code == 200
    # and when it is back: the page stays, to be returned to.
    assert "连接到这个账号" in browser.portal.get(arrived.location).text
    refused = browser.portal.post(arrived.location, data={"next": LINKS})
    assert refused.status_code == 303
    assert refused.location == f"/auth/step-up?next={JOIN}?next%3D{LINKS}"
    assert f'value="{JOIN}?next={LINKS}"' in browser.portal.get(refused.location).text
    assert session.scalar(select(func.count()).select_from(UpstreamIdentity)) == 0
    session.execute(update(SignInSession).values(authenticated_at=clock.now()))
    assert browser.portal.post(arrived.location, data={"next": LINKS}).location == LINKS
    assert session.scalar(select(func.count()).select_from(UpstreamIdentity)) == 1


def test_the_same_name_or_phone_joins_nothing(traveller: Traveller, session: Session) -> None:
    make_account(session, name="韦示例", phone=make_phone())
    assert traveller.travel(next=NEXT).location.startswith(JOIN)
    assert session.scalar(select(func.count()).select_from(UpstreamIdentity)) == 0


def test_what_arrived_in_one_browser_is_not_there_in_another(
    app: APIFlask, traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    traveller.travel(next=NEXT)
    other = signed_in(resident.id)
    assert other.get(JOIN).status_code == 409
    assert other.post(JOIN).status_code == 409
    assert app.test_client().post(OPEN).status_code == 409
    later = clock.now() - timedelta(seconds=1)
    session.execute(update(UpstreamArrival).values(expires_at=later))
    assert traveller.portal.get(JOIN).status_code == 409


def test_a_callback_counts_once_and_in_its_own_browser(
    app: APIFlask, traveller: Traveller, session: Session
) -> None:
    back = traveller.choose(traveller.set_out(next=NEXT).location)
    stranger = app.test_client().get(back)
    assert (stranger.status_code, "upstream_way_lost" in stranger.text) == (409, True)
    assert NEXT not in stranger.text
    assert traveller.portal.get(back).status_code == 302
    twice = traveller.portal.get(back)
    assert (twice.status_code, f"next={NEXT}" in twice.text) == (409, True)
    late = traveller.choose(traveller.set_out(next=NEXT).location)
    with clock.shifted(timedelta(minutes=11)):
        assert traveller.portal.get(late).status_code == 409
    forged = traveller.portal.get(f"/auth/upstream/{traveller.upstream_id}/callback?state=x&code=y")
    assert forged.status_code == 409


def test_the_answer_of_one_provider_is_not_taken_for_anothers(
    traveller: Traveller, session: Session
) -> None:
    other = make_upstream(session, "https://other.example")
    back = traveller.choose(traveller.set_out().location)
    crossed = back.replace(str(traveller.upstream_id), str(other.id))
    assert traveller.portal.get(crossed).status_code == 409


def test_declining_and_doubled_parameters(traveller: Traveller) -> None:
    declined = traveller.travel(None, next=NEXT)
    assert (declined.status_code, "upstream_declined" in declined.text) == (403, True)
    back = traveller.choose(traveller.set_out().location)
    assert "upstream_unreadable" in traveller.portal.get(f"{back}&code=another").text


def test_an_identity_is_of_one_account(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    """And an account has one identity at a provider."""
    browser = at(traveller, signed_in(resident.id))
    browser.portal.post(browser.travel(DESK, join="yes").location)
    second = browser.portal.post(browser.travel(STATISTICS, join="yes").location)
    assert (second.status_code, "upstream_taken" in second.text) == (409, True)


def test_who_opened_a_new_account_beside_theirs_brings_it_back(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    """They prove both in one sitting; the account that is left empty is closed."""
    traveller.travel()
    traveller.portal.post(OPEN)
    new = session.scalars(select(UpstreamIdentity)).one().account_id
    browser = at(traveller, signed_in(resident.id))
    arrived = browser.travel(join="yes", next=LINKS)
    assert "它原来连接的账号“韦示例”" in browser.portal.get(arrived.location).text
    assert browser.portal.post(arrived.location, data={"next": LINKS}).location == LINKS
    session.expire_all()
    assert session.scalars(select(UpstreamIdentity)).one().account_id == resident.id
    assert session.get_one(Account, new).disabled_at is not None
    about = AuditEvent.resource_id == str(new)
    assert "auth:unlink-identity" in session.scalars(select(AuditEvent.action).where(about)).all()
    # What was open at the other ended; the provider opens this one.
    assert traveller.portal.get(LINKS).location.startswith("/auth/sign-in")
    assert traveller.travel(next=NEXT).location == NEXT
    assert "居民甲" in traveller.portal.get("/").text


@pytest.mark.parametrize("holds", ["person", "role", "two factors", "closed"])
def test_what_nobody_could_reach_any_more_is_not_left_behind(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser, holds: str
) -> None:
    """Nor is an account let go that the provider's word alone does not open."""
    # One with a role is opened by a provider that vouches for two factors.
    whom = DESK if holds == "role" else PLAIN
    traveller.travel(whom)
    traveller.portal.post(OPEN)
    other = session.get_one(Account, session.scalars(select(UpstreamIdentity)).one().account_id)
    if holds == "person":
        other.person_id = make_person(session).id
    elif holds == "role":
        grant_role(session, other.id, Role.ANALYST, CITY, "市")
    elif holds == "two factors":
        other.phone_index = b"phone"
        session.add(Totp(account_id=other.id, secret="s", confirmed_at=clock.now()))
    else:
        other.disabled_at = clock.now()
    session.flush()
    browser = at(traveller, signed_in(resident.id))
    taken = browser.travel(whom, join="yes", next=LINKS)
    assert (taken.status_code, "upstream_taken" in taken.text) == (409, True)


def test_an_account_with_another_way_in_stays_and_its_owner_is_told(
    traveller: Traveller, session: Session, resident: Account, signed_in: Browser
) -> None:
    traveller.travel()
    traveller.portal.post(OPEN)
    other = session.get_one(Account, session.scalars(select(UpstreamIdentity)).one().account_id)
    join_wechat(session, other.id, WeChatUser(app=App.OFFICIAL_ACCOUNT, app_id="a", openid="o"))
    browser = at(traveller, signed_in(resident.id))
    browser.portal.post(browser.travel(join="yes", next=LINKS).location)
    session.refresh(other)
    assert other.disabled_at is None
    told = session.execute(select(Notice.account_id, Notice.kind)).all()
    assert set(told) == {
        (other.id, NoticeKind.PROVIDER_PARTED), (resident.id, NoticeKind.PROVIDER_JOINED),
    }  # fmt: skip


@pytest.mark.parametrize("way", ["passkey", "wechat"])
def test_a_passkey_and_wechat_are_ways_in(
    traveller: Traveller, session: Session, resident: Account, way: str
) -> None:
    traveller.travel()
    traveller.portal.post(OPEN)
    identity = session.scalars(select(UpstreamIdentity)).one()
    mine = identity.account_id
    if way == "passkey":
        key = {"credential_id": b"c", "public_key": b"p", "sign_count": 0, "name": "钥匙"}
        session.add(Passkey(account_id=mine, **key))
        session.flush()
    else:
        join_wechat(session, mine, WeChatUser(app=App.OFFICIAL_ACCOUNT, app_id="a", openid="o"))
    traveller.portal.post(f"{LINKS}/unlink", data={"identity_id": str(identity.id)})
    assert session.scalars(select(UpstreamIdentity)).all() == []


def test_a_disabled_account_stays_shut(traveller: Traveller, session: Session) -> None:
    traveller.travel()
    traveller.portal.post(OPEN)
    session.execute(update(Account).values(disabled_at=clock.now()))
    refused = traveller.travel()
    assert (refused.status_code, "account_disabled" in refused.text) == (403, True)


def test_parting_keeps_a_way_in(
    traveller: Traveller,
    session: Session,
    client: FlaskClient,
    resident: Account,
    signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    traveller.travel()
    traveller.portal.post(OPEN)
    identity = session.scalars(select(UpstreamIdentity)).one()
    form = {"identity_id": str(identity.id)}
    traveller.portal.post(f"{LINKS}/unlink", data=form)
    assert "唯一方式" in traveller.portal.get(LINKS).text
    # Nobody parts what is another's.
    assert signed_in(resident.id).post(f"{LINKS}/unlink", data=form).status_code == 404
    api, owner = "/api/v1/auth/identities", bearer(identity.account_id)
    listed = client.get(api, headers=owner).get_json()["items"]
    assert str(identity.id) in [each["identity_id"] for each in listed]
    assert client.delete(f"{api}/{identity.id}", headers=bearer(resident.id)).status_code == 404
    only_one = client.delete(f"{api}/{identity.id}", headers=owner)
    assert (only_one.status_code, only_one.get_json()["code"]) == (409, "only_way_in")
    account = session.get_one(Account, identity.account_id)
    account.phone_index = b"phone"
    session.flush()
    traveller.portal.post(f"{LINKS}/unlink", data=form)
    # What the provider's word opened ends with it, this session too.
    out = traveller.portal.get(LINKS)
    assert out.location.startswith("/auth/sign-in")
    assert "已取消连接" in traveller.portal.get(out.location).text
    assert traveller.travel().location.startswith(JOIN)


@pytest.mark.parametrize(("person", "assurance"), [(PLAIN, 1), (DESK, 2), (STATISTICS, 3)])
def test_the_provider_says_how_sure_it_is(
    traveller: Traveller, session: Session, person: str, assurance: int
) -> None:
    traveller.travel(person)
    traveller.portal.post(OPEN)
    assert session.scalars(select(SignInSession.assurance)).one() == assurance


@pytest.fixture
def administrator(session: Session) -> Actor:
    account = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    return Actor(account.id, name="管理员", grants={Role.ADMINISTRATOR: frozenset({CITY})})


def test_roles_come_and_go_with_the_claim(
    traveller: Traveller, session: Session, upstream: Upstream, administrator: Actor
) -> None:
    hospital = str(make_institution(session).id)
    for value, role, unit in (
        ("desk", Role.REGISTRAR, hospital),
        ("statistics", Role.ANALYST, COUNTY),
    ):
        command = MapRole(value=value, role=role, unit=unit)
        administration.map_role(session, administrator, upstream.id, command)
    traveller.travel(DESK)
    traveller.portal.post(OPEN)
    account = session.scalars(select(UpstreamIdentity.account_id)).one()
    grant_role(session, account, Role.ANALYST, CITY, "试验市")  # by hand
    by_hand = {("administrator", CITY), ("analyst", CITY)}
    assert current_grants(session) == by_hand | {("registrar", hospital)}

    # The claim changes: the same person now works in statistics.
    session.execute(update(UpstreamIdentity).values(subject=STATISTICS))
    traveller.travel(STATISTICS)
    assert current_grants(session) == by_hand | {("analyst", COUNTY)}
    session.execute(update(UpstreamIdentity).values(subject=PLAIN))
    traveller.travel(PLAIN)
    assert current_grants(session) == by_hand
    entries = session.scalars(
        select(ChangeRecord).where(ChangeRecord.subject_id == account).order_by(ChangeRecord.at)
    ).all()
    changed = [entry.changes for entry in entries if entry.actor_name == upstream.name][1:]
    assert [next(iter(change)) for change in changed] == [
        "role_registrar",
        "role_registrar",
        "role_analyst",
        "role_analyst",
    ]


def test_roles_end_with_the_rule_and_with_the_provider(
    traveller: Traveller, session: Session, upstream: Upstream, administrator: Actor
) -> None:
    command = MapRole(value="statistics", role=Role.ANALYST, unit=COUNTY)
    administration.map_role(session, administrator, upstream.id, command)
    traveller.travel(STATISTICS)
    traveller.portal.post(OPEN)
    assert ("analyst", COUNTY) in current_grants(session)
    unmap = UnmapRole(rule_id=list_rules(session, upstream.id)[0].id)
    administration.unmap_role(session, administrator, upstream.id, unmap)
    assert ("analyst", COUNTY) not in current_grants(session)

    administration.map_role(session, administrator, upstream.id, command)
    traveller.travel(STATISTICS)
    assert ("analyst", COUNTY) in current_grants(session)
    version = UpstreamVersion(version=upstream.version)
    administration.disable_upstream(session, administrator, upstream.id, version)
    assert ("analyst", COUNTY) not in current_grants(session)
    assert traveller.portal.get("/").location.startswith("/auth/sign-in")
    assert traveller.set_out().status_code == 404


def test_open_redirects_are_not_followed(traveller: Traveller) -> None:
    assert traveller.travel(next="https://evil.example/").location == f"{JOIN}?next=/"
    traveller.portal.post(OPEN)
    assert traveller.travel(next="//evil.example").location == "/"
