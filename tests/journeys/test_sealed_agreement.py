"""Both sides draw their signatures; the sealed PDF is fetched and held against ours by anybody."""

from pathlib import Path

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.signing import (
    TODAY,
    TOWNSHIP,
    apply,
    confirm,
    draw,
    open_application,
    sealed_file,
)
from tests.journeys.visitor import PHONE, Visitor


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_from_two_signatures_to_a_file_that_verifies(
    visit: Visit, newcomers: Newcomers, staff: Staff, tmp_path: Path
) -> None:
    resident, leader = visit(), visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    apply(resident)

    staff.sign_in(leader, "demo-leader", TODAY)
    leader.go("/family-doctor/signature", "我的签名")
    leader.press("留存签名")
    leader.see("请手写签名，或者输入您的姓名代替手写")
    draw(leader)
    leader.press("留存签名")
    leader.see("签名已留存", "用过的")
    leader.tab("签约申请")
    leader.arrive("签约申请")
    open_application(leader, somebody.name)
    leader.press("同意签约")
    leader.see("已同意")

    confirm(resident)
    file = sealed_file(resident)
    resident.see(somebody.name, "短信验证码", "文件指纹")
    path = tmp_path / "agreement.pdf"
    path.write_bytes(file)
    resident.portal.command("agreement", "verify", str(path))

    anybody = visit()
    verify(anybody, path)
    anybody.see("是本平台签章的原件", "协议编号")
    anybody.miss(somebody.name)
    path.write_bytes(file[:-7] + b"\n" + file[-7:])
    verify(anybody, path)
    anybody.see("不是原件")


def verify(visitor: Visitor, path: Path) -> None:
    """Upload a file to the page that anybody can open."""
    visitor.go("/family-doctor/verify", "验证协议")
    visitor.main.get_by_label("协议文件").set_input_files(path)
    visitor.press("验证")
    visitor.arrive("验证协议")
