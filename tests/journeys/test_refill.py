"""Journey: the demo's resident asks for a long-term medicine, and the doctor renews it."""

import pytest

from regions.demo import LEADER, RESIDENT
from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.signing import TODAY
from tests.journeys.visitor import PHONE

MEDICINE = "苯磺酸氨氯地平片（示例）"


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_medicine_is_renewed(visit: Visit, staff: Staff) -> None:
    resident, leader = visit(), visit()
    staff.sign_in(resident, RESIDENT, "您好")
    resident.go("/family-doctor/medicines", "长期用药")
    resident.see(MEDICINE, "这一类药按规定不能续方", "已经申请，等医生答复")
    resident.follow(f"申请续方 {MEDICINE}")
    resident.arrive("申请续方")
    resident.fill("想告诉医生的", "早上量血压 128/78，没有不舒服")
    resident.press("送给团队")
    resident.arrive("续方申请")
    resident.see("申请已送到团队", "等医生答复")

    staff.sign_in(leader, LEADER, TODAY)
    leader.see("续方申请")
    leader.go("/family-doctor/refills", "续方申请")
    row = leader.main.get_by_role("row").filter(has_text=MEDICINE)
    leader.follow("处理", row)
    leader.arrive("续方申请")
    leader.see("早上量血压 128/78，没有不舒服", "控制满意")
    leader.main.get_by_role("radio", name="同意续开").check()
    leader.main.locator("#field-days").fill("28")
    leader.press("发出答复")
    leader.see("答复已发给居民")

    resident.page.reload()
    resident.arrive("续方申请")
    resident.see("同意续开", "28 天的量")
    resident.go("/family-doctor/medicines", "长期用药")
    resident.see("手里的药还够用")
