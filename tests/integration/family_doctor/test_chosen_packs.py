"""Personalised packs beside the basic one: agreed on by both sides, ordered by the contract, and
carried over by the next.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.errors import Invalid
from family_doctor.jobs import advance_contracts
from family_doctor.models import Contract, SealedAgreement
from family_doctor.queries.contracts import get_agreement
from family_doctor.queries.signing import get_signed_agreement
from family_doctor.schemas import (
    ApplyForContract,
    ChangeContract,
    ConfirmContract,
    RenewContract,
)
from family_doctor.services import contracts as services
from family_doctor.services.extras import order_chosen
from family_doctor.services.succession import change_contract, renew_contract
from notifications.models import Message
from service_packs.models import Entitlement, Order
from service_packs.schemas import Source
from service_packs.services.orders import request_order_checkout
from tests.factories.directory import make_team
from tests.factories.family_doctor import BASIC, actor_of, make_contract
from tests.factories.service_packs import make_pack, make_paid_order
from tests.factories.signing import STROKES
from tests.integration.family_doctor.test_on_site import AT, Desk
from tests.integration.family_doctor.test_on_site import desk as desk
from tests.integration.family_doctor.test_signing import Parties
from tests.integration.family_doctor.ways import register, team

__all__ = ["register", "team"]
Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def parties(session: Session) -> Parties:
    return Parties(session)


def orders(session: Session, person_id: UUID) -> dict[str, Order]:
    found = session.scalars(select(Order).where(Order.person_id == person_id))
    return {each.pack_code: each for each in found}


def test_what_is_chosen_is_agreed_on_and_ordered_once(
    parties: Parties, session: Session, run_jobs: Callable[[], int], signed_in: Browser
) -> None:
    paid = make_pack(session, group_code=None, name="慢病管理包")
    free = make_pack(session, group_code=None, name="健康教育包", person_fen=0)
    elsewhere = make_pack(session, group_code="04")
    for wrong in (elsewhere.code, BASIC, "no-such-pack"):
        command = ApplyForContract(team_id=parties.team.id, extra_codes=[wrong])
        with pytest.raises(Invalid, match="unknown_pack"), session.begin_nested():
            services.apply_for_contract(session, parties.resident, command)
    command = ApplyForContract(team_id=parties.team.id, extra_codes=[paid.code, free.code] * 2)
    applied = services.apply_for_contract(session, parties.resident, command)
    assert applied.extra_codes == [paid.code, free.code]
    services.accept_contract(session, parties.leader, applied.id)
    text = get_agreement(session, parties.resident, applied.id)
    assert "另选个性化服务包“慢病管理包”（示例）：每年 186.00 元" in text.text
    assert "个人 130.00 元；按订单支付后生效" in text.text
    assert "“健康教育包”（示例）：每年 56.00 元" in text.text
    assert "血压随访：每年 4 次" in text.text
    assert orders(session, parties.person.id) == {}
    confirmation = ConfirmContract(agreement_sha256=text.sha256, agreed=True, strokes=STROKES)
    signed = services.confirm_contract(session, parties.resident, applied.id, confirmation)
    session.commit()
    run_jobs()
    made = orders(session, parties.person.id)
    assert {code: each.state for code, each in made.items()} == {
        paid.code: "pending_payment", free.code: "paid",
    }  # fmt: skip
    # It stays to be paid for as long as the contract holds.
    assert signed.ends_on
    assert clock.local(made[paid.code].pay_by).date() == signed.ends_on + timedelta(days=1)
    bought = select(Entitlement.pack_code).where(Entitlement.source == Source.ORDER)
    assert session.scalars(bought).all() == [free.code]
    told = select(Message.link).where(Message.person_id == parties.person.id)
    assert f"/packs/orders/{made[paid.code].id}" in session.scalars(told).all()
    order_chosen(session, applied.id)
    assert len(orders(session, parties.person.id)) == 2
    assert session.get(SealedAgreement, applied.id)
    extras = get_signed_agreement(session, parties.resident, applied.id).extras
    assert [(each.name, each.person_fen) for each in extras] == [
        ("慢病管理包", 13_000), ("健康教育包", 0),
    ]  # fmt: skip
    # Its payment is opened by whoever goes to pay, and once.
    number = made[paid.code].id
    page = signed_in(parties.resident.account_id).get(f"/packs/orders/{number}")
    assert "去付款" in page.get_data(as_text=True)
    first = request_order_checkout(session, parties.resident, number, "https://example.test/")
    again = request_order_checkout(session, parties.resident, number, "https://example.test/")
    assert first.payment_id == again.payment_id
    assert first.amount_fen == 13_000


def test_a_renewal_lists_what_goes_on_and_orders_what_was_chosen_when_it_begins(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    begun = clock.today() - timedelta(days=355)
    old = make_contract(session, parties.person, parties.team, starts_on=begun)
    packs = [
        make_pack(session, group_code=None, name=name) for name in ("慢病包", "体检包", "新包")
    ]
    bought, ending = (make_paid_order(session, parties.person, pack) for pack in packs[:2])
    # One is over with the old contract: it does not go on, and may be had again.
    session.get_one(Entitlement, ending.id).ends_on = old.ends_on or clock.today()
    session.flush()
    twice = RenewContract(extra_codes=[packs[0].code])
    with pytest.raises(Invalid, match="unknown_pack"):
        renew_contract(session, parties.resident, old.id, twice)
    command = RenewContract(extra_codes=[packs[1].code, packs[2].code])
    new = renew_contract(session, parties.resident, old.id, command)
    assert new.extra_codes == command.extra_codes
    services.accept_contract(session, parties.leader, new.id)
    text = get_agreement(session, parties.resident, new.id)
    assert "已购个性化服务包“慢病包”（示例）" in text.text
    assert f"到 {bought.ends_on.isoformat()} 为止继续有效" in text.text
    assert "已购个性化服务包“体检包”" not in text.text
    assert text.text.count("按订单支付后生效") == 2
    signed = services.confirm_contract(
        session,
        parties.resident,
        new.id,
        ConfirmContract(agreement_sha256=text.sha256, agreed=True, strokes=STROKES),
    )
    session.commit()
    run_jobs()
    waiting = select(Order.pack_code).where(Order.state == "pending_payment")
    assert session.scalars(waiting).all() == []
    assert signed.starts_on
    assert signed.ends_on
    with clock.shifted(signed.starts_on - clock.today()):
        advance_contracts()
        run_jobs()
    session.expire_all()
    query = select(Order).where(Order.state == "pending_payment")
    made = {each.pack_code: each for each in session.scalars(query)}
    assert set(made) == set(command.extra_codes)
    for order in made.values():
        assert clock.local(order.pay_by).date() == signed.ends_on + timedelta(days=1)


def test_another_team_begins_with_what_was_chosen(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    old = make_contract(session, parties.person, parties.team)
    team, leader, _ = make_team(session)
    pack = make_pack(session, group_code=None, name="慢病管理包")
    elsewhere = make_pack(session, group_code="04")
    make_paid_order(session, parties.person, make_pack(session, name="已有的包"))
    wrong = ChangeContract(team_id=team.id, extra_codes=[elsewhere.code])
    with pytest.raises(Invalid, match="unknown_pack"), session.begin_nested():
        change_contract(session, parties.resident, old.id, wrong)
    command = ChangeContract(team_id=team.id, extra_codes=[pack.code])
    new = change_contract(session, parties.resident, old.id, command)
    services.accept_contract(session, actor_of(session, leader), new.id)
    text = get_agreement(session, parties.resident, new.id)
    assert "已购个性化服务包“已有的包”" in text.text
    assert "另选个性化服务包“慢病管理包”" in text.text
    confirmation = ConfirmContract(agreement_sha256=text.sha256, agreed=True, strokes=STROKES)
    services.confirm_contract(session, parties.resident, new.id, confirmation)
    session.commit()
    run_jobs()
    found = orders(session, parties.person.id)
    assert found[pack.code].state == "pending_payment"
    assert len(found) == 2


def test_pages_offer_the_packs_of_the_group_and_keep_what_was_ticked(
    parties: Parties, session: Session, signed_in: Browser
) -> None:
    pack = make_pack(session, group_code=None, name="慢病管理包")
    elsewhere = make_pack(session, group_code="04", name="别的人群包")
    account, leader = parties.resident.account_id, parties.leader.account_id
    session.commit()
    browser, at = signed_in(account), f"/family-doctor/teams/{parties.team.id}"
    shown = browser.get(at).get_data(as_text=True)
    assert pack.name in shown
    assert elsewhere.name not in shown
    data = {"extra_codes": [pack.code, elsewhere.code]}
    refused = browser.post(f"{at}/apply", data=data)
    assert refused.status_code == 422
    kept = refused.get_data(as_text=True)
    assert "不在这位居民可选的范围内" in kept
    assert f'value="{pack.code}" checked' in kept
    assert browser.post(f"{at}/apply", data={"extra_codes": pack.code}).status_code == 302
    contract = session.scalars(select(Contract)).one()
    page = signed_in(leader).get(f"/family-doctor/panel/{contract.id}").get_data(as_text=True)
    assert pack.name in page


def test_staff_choose_at_the_desk(
    desk: Desk, session: Session, run_jobs: Callable[[], int], signed_in: Browser
) -> None:
    pack = make_pack(session, group_code=None, name="慢病管理包")
    session.commit()
    more: dict[str, Any] = {"extra_codes": [pack.code]}
    assert "慢病管理包" in _shown(desk, **more)
    path = desk.signed(headers=desk.leader, **more)
    made = desk.witness(path, desk.leader).json
    assert (made["state"], made["extra_codes"]) == ("active", [pack.code])
    run_jobs()
    order = orders(session, UUID(made["person_id"]))[pack.code]
    assert (order.state, order.payment_id) == ("pending_payment", None)
    # Nobody of the portal pays for somebody without an account; the page works once they have one.
    assert order.pay_by > clock.now() + timedelta(days=300)
    assert date.fromisoformat(made["ends_on"]) < clock.local(order.pay_by).date()


def _shown(desk: Desk, **more: Any) -> str:
    path, _ = desk.prepared(**more)
    answer = desk.client.get(f"{AT}{path}/agreement", headers=desk.nurse).json
    assert answer
    return str(answer["text"])
