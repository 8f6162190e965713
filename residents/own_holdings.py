"""What hangs on a person's record in this room."""

from core.messages import N_
from residents.holdings import Holding
from residents.models import (
    Binding,
    FormerMembership,
    GroupMembership,
    HomeMove,
    HouseholdBar,
    HouseholdCode,
    Identifier,
    IdentityStep,
    PaperClaim,
    PhoneChange,
    Representation,
)

OWN = (
    Holding(
        Identifier.person_id,
        N_("证件"),
        once_with=(Identifier.kind, Identifier.issuer, Identifier.number_index),
        shown=True,
    ),
    Holding(IdentityStep.person_id, N_("身份登记的记录"), telling=False),
    Holding(PaperClaim.person_id, N_("证件核对的申请"), telling=False),
    Holding(
        GroupMembership.person_id,
        N_("健康标签"),
        once_with=(GroupMembership.group_code,),
        telling=False,
        shown=True,
    ),
    Holding(FormerMembership.person_id, N_("以前的健康标签"), telling=False),
    Holding(
        Representation.person_id,
        N_("代办授权"),
        once_with=(Representation.representative_index,),
        live=Representation.ended_at.is_(None),
        apart_from=Representation.representative_id,
        shown=True,
    ),
    Holding(
        Representation.representative_id,
        N_("为别人代办的授权"),
        apart_from=Representation.person_id,
        shown=True,
    ),
    Holding(
        PhoneChange.person_id,
        N_("登记手机号的更换"),
        once_with=(),
        live=PhoneChange.state == "waiting",
        telling=False,
    ),
    Holding(HomeMove.person_id, N_("住址和家庭的变化"), telling=False),
    Holding(
        HouseholdBar.person_id,
        N_("不再按同住代办"),
        once_with=(HouseholdBar.adult_id,),
        apart_from=HouseholdBar.adult_id,
        telling=False,
    ),
    Holding(
        HouseholdBar.adult_id,
        N_("不再按同住为孩子代办"),
        once_with=(HouseholdBar.person_id,),
        apart_from=HouseholdBar.person_id,
        telling=False,
    ),
    Holding(HouseholdCode.made_by, N_("加入家庭的代码"), telling=False),
    Holding(HouseholdCode.used_by, N_("用过的加入家庭的代码"), telling=False),
    Holding(Binding.representative_id, N_("代办申请")),
)
