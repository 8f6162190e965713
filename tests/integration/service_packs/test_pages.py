"""The pages: what residents and teams see, and what happens on the way to the cashier and back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.access import Role
from service_packs.models import Order
from service_packs.public import list_packs
from service_packs.schemas import PlaceOrder, RecordService, Tier
from service_packs.services.orders import place_order
from service_packs.services.records import record_service
from service_packs.subscribers import MINE
from service_packs.web.checkout import RETURN_PATH
from tests.factories.payments import Cashier, provide_stripe
from tests.factories.residents import make_resident, number_of
from tests.factories.service_packs import Served, make_entitlement, make_item, make_pack

Browser = Callable[[UUID], FlaskClient]
MOST_STATEMENTS = 8


def order_of(session: Session, served: Served, **pack: Any) -> Order:
    code = make_pack(session, **pack).code
    placed = place_order(session, served.resident, PlaceOrder(pack_code=code))
    session.commit()
    return session.get_one(Order, placed.id)


def test_paths_that_are_written_down(app: APIFlask, served: Served) -> None:
    with app.test_request_context():
        assert url_for("service_packs.mine") == MINE
        path = url_for("service_packs.returned", order_id=served.person.id)
        assert path == RETURN_PATH.format(order_id=served.person.id)


def test_everybody_reads_the_catalogue(client: FlaskClient, session: Session) -> None:
    pack = make_pack(session)
    session.commit()
    page = client.get("/packs/").text
    assert pack.name in page and "示例" in page and "个人付 ¥130" in page
    english = client.get("/packs/?lang=en&search=hyper").text
    assert pack.name_en in english
    detail = client.get(f"/packs/{pack.code}?lang=zh").text
    assert "血压随访" in detail and "¥56" in detail and "登录后选购" in detail
    assert "没有找到服务包" in client.get("/packs/?search=没有").text


def test_one_s_own_groups_come_first(session: Session, served: Served, signed_in: Browser) -> None:
    account, _ = make_resident(session, groups=("04",))
    make_pack(session)
    session.commit()
    assert "适合您的" in signed_in(account.id).get("/packs/").text
    assert "适合您的" not in signed_in(served.resident.account_id).get("/packs/").text


def test_ordering_without_a_contract_leads_to_the_doctors(
    session: Session, served: Served, signed_in: Browser
) -> None:
    account, _ = make_resident(session)
    pack = make_pack(session)
    session.commit()
    answer = signed_in(account.id).post(f"/packs/{pack.code}/order")
    assert answer.status_code == 409
    assert "先签约家庭医生" in answer.text and "去找家庭医生" in answer.text


def test_from_the_pack_to_the_cashier_and_back(
    session: Session,
    served: Served,
    signed_in: Browser,
    cashier: Cashier,
    run_jobs: Callable[[], int],
) -> None:
    pack = make_pack(session)
    session.commit()
    browser = signed_in(served.resident.account_id)
    placed = browser.post(f"/packs/{pack.code}/order", data={"_once": "a"})
    again = browser.post(f"/packs/{pack.code}/order", data={"_once": "a"})
    assert placed.status_code == 302
    assert placed.location == again.location
    assert "去付款 ¥130" in browser.get(placed.location).text

    cashier_page = browser.post(f"{placed.location}/pay")
    url = cashier_page.headers["Refresh"].removeprefix("0; url=")
    assert cashier_page.status_code == 200
    assert url.startswith(cashier.url) and "打开收银台" in cashier_page.text

    back = cashier.choose(url, "decline")
    browser.get(back.removeprefix("http://127.0.0.1:8000"))
    assert "上次付款没有成功" in browser.get(placed.location).text
    url = browser.post(f"{placed.location}/pay").headers["Refresh"].removeprefix("0; url=")

    back = cashier.choose(url, "pay")
    assert browser.get(back.removeprefix("http://127.0.0.1:8000")).location == placed.location
    assert "正在开通" in browser.get(placed.location).text
    run_jobs()
    assert "服务包已开通" in browser.get(placed.location).text
    assert "剩 4 / 4 次" in browser.get("/packs/mine").text


def test_a_claimed_success_is_not_believed(
    session: Session, served: Served, signed_in: Browser, cashier: Cashier
) -> None:
    order = order_of(session, served)
    browser = signed_in(served.resident.account_id)
    browser.post(f"/packs/orders/{order.id}/pay")
    browser.get(f"/packs/orders/{order.id}/return?redirect_status=succeeded")
    assert "去付款" in browser.get(f"/packs/orders/{order.id}").text


def test_a_silent_provider_keeps_the_order(
    session: Session, served: Served, signed_in: Browser, cashier: Cashier
) -> None:
    order = order_of(session, served)
    browser = signed_in(served.resident.account_id)
    browser.post(f"/packs/orders/{order.id}/pay")
    provide_stripe("http://127.0.0.1:9")
    refused = browser.post(f"/packs/orders/{order.id}/pay")
    assert refused.status_code == 503
    assert "订单已保留" in refused.text and "去付款" in refused.text
    assert browser.get(f"/packs/orders/{order.id}/return").status_code == 302


def test_cancelling_an_order(session: Session, served: Served, signed_in: Browser) -> None:
    order = order_of(session, served)
    browser = signed_in(served.resident.account_id)
    path = f"/packs/orders/{order.id}"
    assert browser.post(f"{path}/cancel").location == path
    page = browser.get(path).text
    assert "没有产生费用" in page and "重新选购" in page
    assert browser.post(f"{path}/cancel").status_code == 409


def test_a_free_pack_is_there_at_once(session: Session, served: Served, signed_in: Browser) -> None:
    pack = make_pack(session, person_fen=0)
    session.commit()
    answer = signed_in(served.resident.account_id).post(f"/packs/{pack.code}/order")
    assert answer.location == MINE


def test_confirming_and_disputing(session: Session, served: Served, signed_in: Browser) -> None:
    held = make_entitlement(session, served.person.id, make_pack(session))
    command = RecordService(entitlement_item_id=held.items[0].id, note="已测血压")
    first, second = (record_service(session, served.nurse, command) for _ in range(2))
    session.commit()
    browser = signed_in(served.resident.account_id)
    assert "请您确认" in browser.get("/packs/mine").text
    browser.post(f"/packs/records/{first.id}/confirm")
    assert browser.post(f"/packs/records/{first.id}/confirm").status_code == 409
    asked = browser.get(f"/packs/records/{first.id}").text
    assert "这次服务您满意吗" in asked and "跳过" in asked
    rating = f"/packs/records/{first.id}/rate"
    assert browser.post(rating, data={"stars": "6"}).status_code == 422
    assert browser.post(f"/packs/records/{second.id}/rate", data={"stars": "5"}).status_code == 409
    assert browser.post(rating, data={"stars": "4", "word": "很耐心"}).location == MINE
    assert browser.post(rating, data={"stars": "4"}).location == MINE  # once more is the same
    assert browser.post(rating, data={"stars": "1"}).status_code == 409
    assert "您评了 4 星" in browser.get(f"/packs/records/{first.id}").text
    raw = session.scalar(text("SELECT word FROM service_packs_rating"))
    assert raw and "很耐心".encode() not in bytes(raw)
    page = browser.get(f"/packs/records/{second.id}").text
    assert "已测血压" in page and "和事实不一样" in page
    short = browser.post(f"/packs/records/{second.id}/dispute", data={"reason": "没"})
    assert (short.status_code, "请至少填写" in short.text) == (422, True)
    assert (
        browser.post(f"/packs/records/{second.id}/dispute", data={"reason": "那天没有来"}).location
        == MINE
    )
    assert "那天没有来" in browser.get(f"/packs/records/{second.id}").text
    listed = signed_in(served.leader.account_id).get("/service-records/?state=disputed").text
    assert "那天没有来" in listed and served.person.name in listed


def test_a_nurse_records_a_service(session: Session, served: Served, signed_in: Browser) -> None:
    item = make_item(session)
    held = make_entitlement(session, served.person.id, make_pack(session, items={item.code: 1}))
    session.commit()
    browser = signed_in(served.nurse.account_id)
    found = browser.get(f"/service-records/new?search={number_of(served.person)[-4:]}").text
    path = f"/service-records/new/{served.person.id}"
    assert path in found
    chosen = browser.get(f"{path}?item={item.code}").text
    assert "剩 1 / 1 次" in chosen and "checked" in chosen
    assert browser.post(path, data={"note": "只填了备注"}).status_code == 422
    form = {"entitlement_item_id": str(held.items[0].id), "note": "已随访", "_once": "x"}
    assert [browser.post(path, data=form).location for _ in range(2)] == [path, path]
    assert "剩 0 / 1 次" in browser.get(path).text
    refused = browser.post(path, data=form | {"_once": "y"})
    assert refused.status_code == 409
    assert "次数已经用完" in refused.text and "已随访" in refused.text


def test_another_team_sees_nothing(
    session: Session,
    served: Served,
    care: dict[UUID, tuple[str, ...]],
    signed_in: Browser,
) -> None:
    from tests.factories.service_packs import make_served

    make_entitlement(session, served.person.id, make_pack(session))
    other = make_served(session, care)
    session.commit()
    browser = signed_in(other.nurse.account_id)
    assert browser.get(f"/service-records/new/{served.person.id}").status_code == 403
    assert "没有找到这位居民" in browser.get("/service-records/new?search=示例居民").text
    assert signed_in(served.resident.account_id).get("/service-records/").status_code == 403


def test_no_list_needs_more_statements_than_allowed(
    session: Session, served: Served, signed_in: Browser, count_statements: Callable[[], Any]
) -> None:
    for _ in range(3):
        held = make_entitlement(
            session,
            served.person.id,
            make_pack(session, items={make_item(session).code: 9 for _ in range(6)}),
        )
        command = RecordService(entitlement_item_id=held.items[0].id)
        for _ in range(3):
            record_service(session, served.nurse, command)
        order_of(session, served)
    session.commit()
    resident, nurse = (
        signed_in(served.resident.account_id),
        signed_in(served.nurse.account_id),
    )
    for browser, path in (
        (resident, "/packs/"),
        (resident, "/packs/mine"),
        (resident, "/packs/mine/records"),
        (resident, "/packs/mine/orders"),
        (nurse, "/service-records/"),
        (nurse, f"/service-records/new?search={served.person.name}"),
        (nurse, f"/service-records/new/{served.person.id}"),
    ):
        with count_statements() as statements:
            assert browser.get(path).status_code == 200
        assert len(statements) <= MOST_STATEMENTS, (path, statements.statements)


def test_the_basic_pack_is_not_for_sale(
    session: Session, served: Served, signed_in: Browser
) -> None:
    pack = make_pack(session, tier=Tier.BASIC, group_code=None, person_fen=0)
    session.commit()
    page = signed_in(served.resident.account_id).get(f"/packs/{pack.code}").text
    assert "随家庭医生签约获得" in page and "/order" not in page
    assert [p.code for p in list_packs(session)] == [pack.code]
    assert list_packs(session, "04") == []
    assert Role.MEMBER in served.nurse.roles
