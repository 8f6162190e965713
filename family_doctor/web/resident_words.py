"""Who acts for a resident, for what, and who said what groups they are in; catalogue keys."""

from core.messages import N_
from residents.schemas import Basis, LabelSource, Scope

BASES = {
    Basis.CHILD: N_("孩子的监护人"),
    Basis.WARD: N_("监护人"),
    Basis.HOUSEHOLD: N_("由本人授权"),
    Basis.NAMED: N_("由本人授权"),
    Basis.ADULT: N_("由本人授权"),
}
SCOPES = {
    Scope.SIGN: N_("签约家庭医生"),
    Scope.BOOK: N_("预约挂号"),
    Scope.PAY: N_("缴费"),
    Scope.SEE_RECORDS: N_("查看健康档案"),
    Scope.RENEW: N_("续方"),
}
SOURCES = {
    LabelSource.AGE: N_("按年龄"),
    LabelSource.RECORDS: N_("按健康记录"),
    LabelSource.STAFF: N_("由医务人员"),
    "example": N_("示例数据"),
}
