"""The versions of the wording: written, published once for good, and kept by each contract."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied
from directory.models import Division
from family_doctor.agreement import first_wording
from family_doctor.models import AgreementText, Contract
from family_doctor.queries.signing import find_text_in_force, list_texts
from family_doctor.schemas import WriteAgreementText
from family_doctor.services import texts as services
from residents.models import GroupMembership
from service_packs.models import Group
from tests.factories.auth import overseer
from tests.factories.directory import make_divisions
from tests.integration.family_doctor.test_signing import Parties

pytestmark = pytest.mark.usefixtures("session")
Browser = Callable[[UUID], FlaskClient]
BODY = "新协议\n{{ contract_id }}：{{ resident }}和{{ team }}约定{{ items }}，{{ years }} 年。"
GROUP = "T-OLD"


@pytest.fixture
def administrator(session: Session) -> Actor:
    make_divisions(session)
    session.flush()
    region = session.scalars(select(Division.code).where(Division.parent_code.is_(None))).one()
    return overseer(session, Role.ADMINISTRATOR, region)


@pytest.fixture
def group(session: Session) -> str:
    session.add(Group(code=GROUP, name="老年人", name_en="Older people"))
    session.flush()
    return GROUP


def draft(days: int = 0, **changed: object) -> WriteAgreementText:
    values = {"title": "新协议", "body": BODY, "valid_from": clock.today() + timedelta(days=days)}
    return WriteAgreementText.model_validate(values | changed)


def test_the_first_version_is_the_wording_that_came_along(session: Session) -> None:
    first = session.scalars(select(AgreementText)).one()
    assert first.body == first_wording()
    assert first.published_at


def test_a_published_version_is_what_the_next_agreement_is_written_by(
    session: Session, administrator: Actor
) -> None:
    parties = Parties(session)
    before = parties.accepted()
    written = services.write_text(session, administrator, draft())
    assert (written.version, written.published_at) == (2, None)
    services.publish_text(session, administrator, written.id)
    after = Parties(session).accepted()
    old, new = (session.get_one(Contract, each.id) for each in (before, after))
    assert new.agreement_text_id == written.id
    assert old.agreement_text_id != written.id
    assert str(new.agreement_text).startswith("新协议")
    assert not str(old.agreement_text).startswith("新协议")


def test_a_groups_own_wording_goes_before_everybodys(
    session: Session, administrator: Actor, group: str
) -> None:
    own = services.write_text(session, administrator, draft(group_code=group))
    assert own.version == 1
    services.publish_text(session, administrator, own.id)
    parties = Parties(session)
    session.add(
        GroupMembership(
            person_id=parties.person.id, group_code=group, source="age", since=clock.today()
        )
    )
    session.flush()
    row = session.get_one(Contract, parties.accepted().id)
    assert row.agreement_text_id == own.id
    others = session.get_one(Contract, Parties(session).accepted().id)
    assert others.agreement_text_id != own.id


def test_one_not_yet_in_force_is_not_used(session: Session, administrator: Actor) -> None:
    coming = services.write_text(session, administrator, draft(days=3))
    services.publish_text(session, administrator, coming.id)
    today = clock.today()
    found = find_text_in_force(session, (), today)
    assert found
    assert found.id != coming.id
    later = find_text_in_force(session, (), today + timedelta(days=3))
    assert later
    assert later.id == coming.id


def test_a_draft_changes_and_goes_a_published_one_does_neither(
    session: Session, administrator: Actor
) -> None:
    written = services.write_text(session, administrator, draft())
    again = services.write_text(session, administrator, draft(title="改过的"), written.id)
    assert (again.title, again.version) == ("改过的", written.version)
    services.publish_text(session, administrator, written.id)
    assert services.publish_text(session, administrator, written.id).published_at
    with pytest.raises(Conflict, match="text_published"):
        services.write_text(session, administrator, draft(), written.id)
    with pytest.raises(Conflict, match="text_published"):
        services.discard_text(session, administrator, written.id)
    other = services.write_text(session, administrator, draft())
    services.discard_text(session, administrator, other.id)
    assert other.id not in {each.id for each in list_texts(session, administrator).items}


def test_the_database_refuses_to_change_a_published_one(session: Session) -> None:
    for change in (update(AgreementText).values(body="改"), delete(AgreementText)):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(change)


def test_a_day_that_is_past_is_not_published(session: Session, administrator: Actor) -> None:
    written = services.write_text(session, administrator, draft(days=-1))
    with pytest.raises(Conflict, match="day_past"):
        services.publish_text(session, administrator, written.id)


def test_only_the_regions_administrator_writes(session: Session) -> None:
    parties = Parties(session)
    of_a_house = overseer(session, Role.ADMINISTRATOR, str(parties.team.institution_id))
    for actor in (parties.leader, parties.resident, of_a_house):
        with pytest.raises(Denied):
            services.write_text(session, actor, draft())
        with pytest.raises(Denied):
            list_texts(session, actor)


def test_without_any_nobody_is_accepted(session: Session) -> None:
    parties = Parties(session)
    contract = parties.apply()
    session.execute(text("ALTER TABLE family_doctor_agreement_text DISABLE TRIGGER USER"))
    session.execute(delete(AgreementText))
    with pytest.raises(Conflict, match="no_text"):
        services.wording_for(session, ())
    assert contract.accepted_at is None


def test_the_pages_from_a_draft_to_its_publishing(
    session: Session, administrator: Actor, signed_in: Browser
) -> None:
    session.commit()
    desk = signed_in(administrator.account_id)
    base = "/admin/agreement-texts"
    assert "平台自带" in desk.get(f"{base}/").get_data(as_text=True)
    assert "家庭医生签约服务协议" in desk.get(f"{base}/new").get_data(as_text=True)
    data = {"title": "新协议", "body": BODY, "valid_from": clock.today().isoformat()}
    wrong = desk.post(f"{base}/new", data=data | {"body": BODY + "{{ secret }}"})
    assert wrong.status_code == 422
    assert "花括号里只能写列出的填充项" in wrong.get_data(as_text=True)
    made = desk.post(f"{base}/new", data=data)
    assert "〔resident〕" in desk.get(made.location).get_data(as_text=True)
    assert desk.get(f"{made.location}/edit").status_code == 200
    changed = desk.post(f"{made.location}/edit", data=data | {"title": "改过的"})
    assert changed.status_code == 302
    published = desk.post(f"{made.location}/publish", follow_redirects=True)
    assert "已发布" in published.get_data(as_text=True)
    gone = desk.post(f"{made.location}/discard", follow_redirects=True)
    assert "这一版已经发布" in gone.get_data(as_text=True)


def test_the_api_writes_and_publishes(
    session: Session,
    administrator: Actor,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    session.commit()
    headers = bearer(administrator.account_id)
    base = "/api/v1/family-doctor/agreement-texts"
    body = {"title": "新协议", "body": BODY, "valid_from": clock.today().isoformat()}
    made = client.post(base, json=body, headers=headers)
    assert made.status_code == 201
    path = f"{base}/{made.json['id']}"  # type: ignore[index]
    assert client.put(path, json=body | {"title": "改过的"}, headers=headers).status_code == 200
    assert client.post(f"{path}/publish", headers=headers).json["published_at"]  # type: ignore[index]
    refused = client.post(f"{path}/discard", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (409, "text_published")  # type: ignore[index]
    assert len(client.get(base, headers=headers).json["items"]) == 2  # type: ignore[index]
    nobody = client.post(base, json=body | {"group_code": "none"}, headers=headers)
    assert nobody.json["code"] == "unknown_group"  # type: ignore[index]
