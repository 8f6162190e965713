"""Journey: a village of sixty is signed on a tablet without a network, and synced exactly once."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import Visit
from tests.journeys.live import LivePortal
from tests.journeys.people import Staff
from tests.journeys.signing import TODAY
from tests.journeys.visitor import TABLET, Visitor

VILLAGE, PEOPLE, PIN, CHILD = "示例离线村", 60, "246810", "示例村童"
# Opens the resident's form by their button and fills it in, as a finger would; gives where to sign.
OPEN = """([name, tail, stands]) => {
  const form = document.querySelector('[data-form=sign]');
  document.querySelector(`[data-people] button[aria-label$=" ${name}"]`).click();
  if (stands) form.elements.stander.value = stands;
  form.elements.evidence[0].click();
  form.elements.id_tail.value = tail;
  form.elements.agreed.click();
  const canvas = form.querySelector('canvas');
  canvas.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = canvas.getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""
# Presses the button and waits until the list stands again; gives what was wrong, if anything.
SIGN = """async () => {
  const form = document.querySelector('[data-form=sign]');
  const error = form.querySelector('[data-error]');
  form.requestSubmit();
  while (error.hidden && document.querySelector('[data-screen=list]').hidden)
    await new Promise(resolve => setTimeout(resolve, 5));
  return error.textContent;
}"""
KEPT = """async () => {
  const names = (await indexedDB.databases()).map(each => each.name);
  const database = await new Promise(resolve => {
    indexedDB.open(names[0]).onsuccess = event => resolve(event.target.result);
  });
  const rows = ['visits', 'entries'].map(store => new Promise(resolve => {
    database.transaction(store).objectStore(store).getAll().onsuccess =
      event => resolve(event.target.result);
  }));
  return JSON.stringify(await Promise.all(rows), (_, value) =>
    value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value);
}"""


@pytest.mark.parametrize("screen", [TABLET], indirect=True, ids=["tablet"])
def test_a_village_is_signed_offline_and_synced_once(
    visit: Visit, portal: LivePortal, staff: Staff
) -> None:
    people: list[tuple[str, str, str]] = portal.made("tests.journeys.village", VILLAGE, str(PEOPLE))
    leader = visit()
    staff.sign_in(leader, "demo-leader", TODAY)
    before = signed_on_site(leader)
    prepare(leader)
    take_along(leader)
    leader.context.set_offline(True)
    open_again(leader)
    with_wrong_digits(leader, people[0][0], people[0][2])
    for name, number, _ in people:
        assert (name, sign(leader.page, name, number[-4:])) == (name, "")
    with_a_parent(leader, people[0][1][-4:])
    signed = PEOPLE + 1
    leader.see(f"本次已签 {signed} 人，待同步 {signed} 条")
    kept = leader.page.evaluate(KEPT)
    assert people[0][0] not in kept
    assert f':"{people[0][1][-4:]}"' not in kept
    leader.press("同步")
    leader.see("连不上网络")
    leader.context.set_offline(False)
    sync_with_a_cut(leader)
    leader.press("同步")
    until(leader, f"已签约：{signed} 人")
    leader.see("已全部同步")
    assert leader.page.evaluate(KEPT) == "[[],[]]"
    leader.follow("查看结果")
    leader.arrive("下乡签约")
    leader.follow(VILLAGE)
    leader.arrive(VILLAGE)
    leader.see("已同步完", "示例村民1")
    # One of them renewed, which is in force only when the old contract is over.
    in_force, applied = before
    assert signed_on_site(leader) == [in_force + signed - 1, applied + signed]


def signed_on_site(leader: Visitor) -> list[int]:
    """How many of the team's contracts came by that way: in force, and at all."""
    leader.go("/family-doctor/ways", "签约方式")
    figure = leader.main.locator(".figure-box").filter(has_text="现场签约")
    return [int(each) for each in re.findall(r"\d+", figure.inner_text().replace(",", ""))]


def prepare(leader: Visitor) -> None:
    """From the team's ways of signing to a visit that its leader authorised."""
    leader.follow("下乡签约")
    leader.arrive("下乡签约")
    leader.choose("村或社区", VILLAGE)
    leader.press("准备")
    leader.arrive(VILLAGE)
    leader.press("授权并签名")
    leader.see("可以载入平板")


def take_along(leader: Visitor) -> None:
    """Load it to the tablet under a PIN, and sign as witness."""
    leader.follow("在这台平板上打开")
    leader.arrive("平板签约")
    leader.see("可以离线使用了")
    leader.fill("口令", PIN)
    leader.fill("再输一次口令", PIN)
    leader.press("载入")
    leader.see("您先签名")
    field = leader.main.locator("[data-form=witness] canvas")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    draw(leader.page, box["x"], box["y"], box["width"], box["height"])
    leader.press("开始签约")
    leader.see("本次已签 0 人，待同步 0 条", "示例村民1")


def open_again(leader: Visitor) -> None:
    """The page opens without a network, and only by the PIN."""
    leader.page.reload()
    leader.arrive("平板签约")
    leader.fill("这次签约的口令", "135791")
    leader.press("打开")
    leader.see("口令不对")
    leader.fill("这次签约的口令", PIN)
    leader.press("打开")
    leader.see(VILLAGE)


def with_wrong_digits(leader: Visitor, name: str, wrong: str) -> None:
    """Another's paper is noticed there already."""
    assert "不一样" in sign(leader.page, name, wrong)
    leader.see("协议要点", "协议全文")
    leader.arrive("平板签约")
    leader.press("返回名单")


def with_a_parent(leader: Visitor, tail: str) -> None:
    """A child is signed for by who lives with it, whose paper is seen; not without."""
    assert "谁代为签约" in sign(leader.page, CHILD, tail)
    leader.press("返回名单")
    assert sign(leader.page, CHILD, tail, stands="0") == ""


def sign(page: Page, name: str, tail: str, stands: str = "") -> str:
    """One resident signs with one stroke, or who ``stands`` for them does; gives what was wrong."""
    draw(page, *page.evaluate(OPEN, [name, tail, stands]))
    said: str = page.evaluate(SIGN)
    return said


def draw(page: Page, left: float, top: float, width: float, height: float) -> None:
    """One stroke across the field."""
    page.mouse.move(left + width * 0.2, top + height * 0.3)
    page.mouse.down()
    page.mouse.move(left + width * 0.7, top + height * 0.7)
    page.mouse.up()


def until(leader: Visitor, text: str) -> None:
    """A batch is ten contracts: more than the usual patience on a busy machine."""
    expect(leader.main.get_by_text(text)).to_be_visible(timeout=60_000)


def sync_with_a_cut(leader: Visitor) -> None:
    """The second batch arrives, but its answer does not."""
    batches: list[str] = []

    def cut(route: Route) -> None:
        batches.append(route.request.url)
        if len(batches) == 2:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    leader.page.route("**/family-doctor/tablet/*/entries", cut)
    leader.press("同步")
    until(leader, "连不上网络")
    assert len(batches) == 2
    leader.page.unroute("**/family-doctor/tablet/*/entries")
