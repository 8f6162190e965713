"""Journey 8: opened inside WeChat, the portal knows its people again without another code."""

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, sms_code
from tests.journeys.visitor import PHONE, Visitor

BOUND = "微信绑定"


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_phone_is_bound_once_and_wechat_taken_off_again(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident, phone = visit(), newcomers.new().phone
    open_in_wechat(resident)
    resident.arrive("绑定手机号")
    resident.fill("手机号", phone)
    resident.press("获取验证码")
    resident.arrive("输入验证码")
    resident.fill("验证码", sms_code(resident, phone))
    resident.press("绑定并登录")
    resident.see("已绑定微信")
    later = visit()
    open_in_wechat(later)
    later.arrive("您好")
    later.go("/auth/wechat", BOUND)
    later.see("微信里打开的网页")
    later.press("解除绑定")
    later.press("解除绑定")
    later.arrive("登录")
    later.see("已解除绑定")
    resident.go("/me/", "登录")


def open_in_wechat(visitor: Visitor) -> None:
    """As if the portal were opened from a chat of user B's phone."""
    visitor.go(f"{visitor.portal.standins}/wechat/", "微信（示例）")
    visitor.follow("当作在微信里打开门户")
    visitor.arrive("微信授权")
    visitor.press("以用户乙继续")
