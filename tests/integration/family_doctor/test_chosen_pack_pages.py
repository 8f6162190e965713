"""Every way to a contract offers the resident's personalised packs on its page, in few statements
however many are chosen and go on.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import Contract, Presence
from family_doctor.schemas import PrepareAgreement, RenewContract
from family_doctor.services.contracts import accept_contract
from family_doctor.services.on_site import prepare_agreement
from family_doctor.services.succession import renew_contract
from family_doctor.states import State
from residents.models import GroupMembership, Person
from service_packs.models import Pack
from tests.factories.auth import make_phone
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, days_ago, make_basic_pack, make_contract
from tests.factories.residents import make_consent, make_id_number, make_person, make_resident
from tests.factories.service_packs import make_pack, make_paid_order
from tests.factories.ways import LASTING, link_of, make_card
from tests.integration.family_doctor.ways import register

__all__ = ["register"]
AT = "/family-doctor"
MOST_STATEMENTS = 8
Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[Any]]


class Scene:
    """A daughter, and her father whose contract is near its end: three packs go on with him, three
    are on offer, one of them for his group alone.
    """

    def __init__(self, session: Session) -> None:
        make_basic_pack(session)
        self.session = session
        self.account, self.daughter = make_resident(session, name="女儿")
        self.own_account, self.father = make_resident(
            session, name="父亲", birth_date=date(1950, 1, 1)
        )
        make_consent(session, self.father, self.daughter, ["sign"])
        self.team, self.leader, self.nurse = make_team(session, capacity=50)
        self.other, _, _ = make_team(session, capacity=50)
        names = ("体检包", "随访包", "高血压包")
        groups = (None, None, "04")
        self.packs: list[Pack] = [
            make_pack(session, name=name, group_code=group)
            for name, group in zip(names, groups, strict=True)
        ]
        session.add(
            GroupMembership(
                person_id=self.father.id, group_code="04", source="staff", since=days_ago(9)
            )
        )
        for name in ("在用甲", "在用乙", "在用丙"):
            pack = make_pack(session, name=name, group_code=None)
            make_paid_order(session, self.father, pack)
        session.commit()

    def codes(self) -> list[str]:
        return [each.code for each in self.packs]

    def contract(self) -> Contract:
        """The father's, that ends soon."""
        made = make_contract(
            self.session, self.father, self.team, state=State.EXPIRING, starts_on=days_ago(350)
        )
        self.session.commit()
        return made

    def at_the_desk(self) -> Presence:
        """The father before the leader's tablet, his renewal with three packs prepared."""
        now = clock.now()
        row = Presence(
            team_id=self.team.id, person_id=self.father.id, account_id=self.leader,
            evidence="id_card", begun_at=now, expires_at=now + LASTING,
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        command = PrepareAgreement(extra_codes=self.codes())
        prepare_agreement(self.session, actor_of(self.session, self.leader), row.id, command)
        self.session.commit()
        return row

    def last(self, person: Person) -> Contract:
        query = select(Contract).where(Contract.person_id == person.id)
        return self.session.scalars(query.order_by(Contract.id.desc())).first() or self.contract()


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_three_chosen_and_three_going_on_ask_no_more(
    session: Session, signed_in: Browser, count_statements: Counting, scene: Scene
) -> None:
    old, row = scene.contract(), scene.at_the_desk()
    hers, his = signed_in(scene.account.id), signed_in(scene.own_account.id)
    staff = signed_in(scene.leader)

    def look(browser: FlaskClient, path: str, *found: str) -> None:
        assert browser.get(path).status_code == 200, path
        with count_statements() as counter:
            shown = browser.get(path).get_data(as_text=True)
        own = [each for each in counter.statements if "notifications_message" not in each]
        assert all(each in shown for each in found), path
        assert len(own) <= MOST_STATEMENTS, (path, len(own), "\n@@".join(own))

    desk = f"{AT}/ways/on-site/{row.id}"
    about = f"{AT}/contracts/{old.id}"
    card = link_of(make_card(session, scene.team, scene.leader))
    session.commit()
    both = ("在用甲", "高血压包")
    for path in (desk, f"{desk}/sign"):
        look(staff, path, *both)
    look(staff, f"{AT}/ways/on-behalf", "体检包", "高血压患者")
    for path in (f"{AT}/teams/{scene.team.id}", f"{AT}/in/{card}"):
        look(hers, path, "体检包")
    look(hers, f"{AT}/teams/{scene.team.id}/family", *both)
    for browser in (his, hers):
        look(browser, f"{about}/renew", *both)
        look(browser, f"{about}/change", *both)
    new = renew_contract(
        session,
        actor_of(session, scene.own_account.id),
        old.id,
        RenewContract(extra_codes=scene.codes()),
    )
    accept_contract(session, actor_of(session, scene.leader), new.id)
    session.commit()
    for browser in (his, hers, staff):
        look(browser, f"{AT}/contracts/{new.id}/agreement", *both)


def test_what_is_ticked_on_the_pages_of_a_contract_goes_into_the_next(
    session: Session, signed_in: Browser, scene: Scene
) -> None:
    about, his = f"{AT}/contracts/{scene.contract().id}", signed_in(scene.own_account.id)
    wrong = [*scene.codes(), "no-such-pack"]
    for page, more in (("renew", {"years": "1"}), ("change", {"team_id": str(scene.other.id)})):
        refused = his.post(f"{about}/{page}", data={"extra_codes": wrong, **more})
        assert refused.status_code == 422
        kept = refused.get_data(as_text=True)
        assert "不在这位居民可选的范围内" in kept
        assert f'value="{scene.codes()[2]}" checked' in kept
    done = his.post(f"{about}/renew", data={"years": "1", "extra_codes": scene.codes()})
    assert done.status_code == 303
    assert scene.last(scene.father).extra_codes == scene.codes()
    his.post(f"{AT}/contracts/{scene.last(scene.father).id}/cancel")
    team = {"team_id": str(scene.other.id), "extra_codes": scene.codes()[:1]}
    assert his.post(f"{about}/change", data=team).status_code == 303
    assert scene.last(scene.father).extra_codes == scene.codes()[:1]


def test_an_application_for_the_family_offers_what_is_theirs(
    session: Session, signed_in: Browser, scene: Scene
) -> None:
    at, hers = f"{AT}/teams/{scene.team.id}/family", signed_in(scene.account.id)
    mother = make_person(session, name="母亲", birth_date=date(1951, 1, 1))
    make_consent(session, mother, scene.daughter, ["sign"])
    session.commit()
    plain, general, his = f"extra_codes_{mother.id}", scene.codes()[0], scene.codes()[2]
    page = hers.get(at).get_data(as_text=True)
    assert f'name="extra_codes_{scene.father.id}" value="{his}"' in page
    assert f'name="{plain}" value="{his}"' not in page
    # What was ticked for another is not of this application.
    data = {"person_id": str(mother.id), "years": "2", f"extra_codes_{scene.father.id}": his}
    refused = hers.post(at, data=data | {plain: [general, his]})
    assert refused.status_code == 422
    kept = refused.get_data(as_text=True)
    assert f'name="{plain}" value="{general}" checked' in kept
    assert kept.count("不在这位居民可选的范围内") == 2
    assert hers.post(at, data=data | {plain: general}).status_code == 303
    made = scene.last(mother)
    assert (made.extra_codes, made.term_years, made.channel) == ([general], 2, "agent")


def test_staff_and_links_offer_them_too(
    session: Session, signed_in: Browser, scene: Scene, register: list[str]
) -> None:
    general, of_group = scene.codes()[1], scene.codes()[2]
    nurse, path = signed_in(scene.nurse), f"{AT}/ways/on-behalf"
    data = {
        "team_id": str(scene.team.id), "name": "覃示例", "kind": "id_card", "evidence": "id_card",
        "id_number": make_id_number(), "phone": make_phone(), "years": "2",
    }  # fmt: skip
    refused = nurse.post(path, data=data | {"extra_codes": of_group})
    assert refused.status_code == 422
    assert f'value="{of_group}" checked' in refused.get_data(as_text=True)
    assert nurse.post(path, data=data | {"extra_codes": general}).status_code == 303
    made = session.scalars(select(Contract).where(Contract.channel == "agent")).one()
    assert (made.extra_codes, made.term_years) == ([general], 2)
    card = link_of(make_card(session, scene.team, scene.leader))
    session.commit()
    link, hers = f"{AT}/in/{card}/apply", signed_in(scene.account.id)
    assert hers.post(link, data={"extra_codes": of_group}).status_code == 422
    assert hers.post(link, data={"extra_codes": general}).status_code == 303
    assert scene.last(scene.daughter).extra_codes == [general]
    assert len(register) == 2
