"""Who takes part in the journeys, and how each of them signs in."""

import re
import time
from dataclasses import dataclass
from itertools import count

import pyotp
from playwright.sync_api import StorageState, expect

from auth.assurance import FRESH
from regions.demo import PASSWORD, RESIDENT, staff_phone
from regions.public import load_region
from residents.identity import check_digit
from tests.journeys.visitor import Visitor

# Of the demo's reserved range, but of no made-up person: those begin with 129.
PHONE_PREFIX = "128"
# No county has this code.
COUNTY = "990102"
BORN = "19570312"
# The longest of them must fit everywhere too.
SURNAMES = ("东方", "司徒", "上官", "诸葛", "慕容", "皇甫", "尉迟", "阿依古丽·买买提江·")
GIVEN = ("兰香", "秀珍", "少芬", "月娥", "凤英")
CODE_MESSAGE = "li.message[data-template=sign_in_code]"
REGION = load_region("guigang")
CODE = re.compile(r"\b\d{6}\b")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody with a phone and an identity card who has never been here."""

    name: str
    phone: str
    id_number: str


class Newcomers:
    """People the portal does not know yet, no two alike, of names that the region has not."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> Newcomer:
        """The next one: a woman of about 70."""
        number = next(self._numbers)
        first17 = f"{COUNTY}{BORN}{number * 2:03d}"
        name = SURNAMES[number % len(SURNAMES)] + GIVEN[number // len(SURNAMES) % len(GIVEN)]
        return Newcomer(name, f"{PHONE_PREFIX}{number:08d}", first17 + check_digit(first17))


class Staff:
    """The demo's accounts with a password. It is tried once each: tries are limited."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[float, StorageState]] = {}

    def sign_in(self, visitor: Visitor, username: str, home: str | re.Pattern[str]) -> None:
        """Sign in by name, password and code, or go on with the session of an earlier journey that
        is new enough for whatever staff do.
        """
        since, known = self._sessions.get(username, (0.0, None))
        if known and time.monotonic() - since < FRESH.total_seconds() / 2:
            visitor.context.add_cookies([
                {"name": c["name"], "value": c["value"], "url": visitor.portal.url}
                for c in known["cookies"]
            ])  # fmt: skip
            visitor.go("/", home)
            return
        by_password(visitor, username, PASSWORD)
        if username != RESIDENT:
            second_factor(visitor, staff_phone(REGION, username))
        visitor.arrive(home)
        self._sessions[username] = (time.monotonic(), visitor.context.storage_state())


def by_password(visitor: Visitor, username: str, password: str) -> None:
    """Type name and password at the door."""
    visitor.go("/auth/sign-in", "登录")
    visitor.follow("医务与管理人员")
    visitor.arrive("登录")
    visitor.fill("用户名", username)
    visitor.fill("密码", password)
    visitor.press("登录")


def second_factor(visitor: Visitor, phone: str) -> None:
    """After the password: ask for a code to the account's phone, and type what arrives by SMS."""
    visitor.arrive("第二步验证")
    visitor.press("获取验证码")
    visitor.see("验证码", "已发到")
    visitor.fill("验证码", sms_code(visitor, phone))
    visitor.press("确认")


def set_up_factor(visitor: Visitor) -> None:
    """A first sign-in without any second factor: read the secret into an authenticator."""
    visitor.arrive("设置第二步验证")
    visitor.main.get_by_text("扫不了").click()
    secret = visitor.main.locator(".secret").inner_text().replace(" ", "")
    visitor.fill("应用显示的 6 位数字", pyotp.TOTP(secret).now())
    visitor.press("完成设置")
    visitor.arrive("保存恢复码")
    expect(visitor.main.locator(".recovery-codes li")).to_have_count(10)
    visitor.follow("已保存，继续")


def choose_password(visitor: Visitor, password: str) -> None:
    """Replace the initial password on the way in."""
    visitor.arrive("换成自己的密码")
    visitor.fill("新密码", password)
    visitor.fill("再输一次", password)
    visitor.press("保存并登录")


def by_code(visitor: Visitor, phone: str) -> None:
    """Ask for a code at the door the visitor stands at, and type what arrives by SMS."""
    visitor.fill("手机号", phone)
    visitor.press("获取验证码")
    visitor.arrive("输入验证码")
    visitor.fill("验证码", sms_code(visitor, phone))
    visitor.press("登录")


def sms_code(visitor: Visitor, phone: str) -> str:
    """The newest code in the demo's inbox, read in a second tab as a person would."""
    with visitor.context.expect_page() as waiting:
        visitor.follow("打开演示短信收件箱")
    inbox = waiting.value
    message = inbox.locator(CODE_MESSAGE).filter(has_text=phone).first
    expect(message).to_be_visible()
    found = CODE.search(message.locator(".message-text").inner_text())
    inbox.close()
    assert found, "the message holds no code"
    return found[0]


def join(visitor: Visitor, newcomer: Newcomer, township: str) -> None:
    """From the door to a home of one's own: code, then the real-name check."""
    visitor.go("/auth/sign-in", "登录")
    by_code(visitor, newcomer.phone)
    visitor.arrive("您好")
    visitor.see("先完成实名认证")
    visitor.follow("去认证", visitor.main)
    visitor.arrive("实名认证")
    verify(visitor, newcomer, township)
    visitor.arrive("您好")


def verify(visitor: Visitor, newcomer: Newcomer, township: str) -> None:
    """Fill the real-name check."""
    visitor.fill("姓名", newcomer.name)
    visitor.fill("身份证号", newcomer.id_number)
    visitor.choose("居住的乡镇或街道", township)
    visitor.press("提交核对")


def switch_role(visitor: Visitor, role: str) -> None:
    """Choose another of one's roles in the account menu."""
    visitor.open_account_menu().get_by_role("button", name=role, exact=True).click()


def sign_out(visitor: Visitor) -> None:
    """Leave by the account menu."""
    visitor.open_account_menu().get_by_role("button", name="退出登录").click()
