"""What is shown of scopes, bases, evidence and states; the values are catalogue keys."""

from core.messages import N_
from residents.schemas import Basis, BindingState, Evidence, LabelSource, Scope

SCOPES = {
    Scope.SIGN: N_("签约家庭医生"),
    Scope.BOOK: N_("预约挂号"),
    Scope.PAY: N_("缴费"),
    Scope.SEE_RECORDS: N_("查看健康档案"),
    Scope.RENEW: N_("续方"),
}
SCOPE_NOTES = {
    Scope.SIGN: N_("签约、续签和解约"),
    Scope.BOOK: N_("约号、改时间和取消"),
    Scope.PAY: N_("为对方的服务付款"),
    Scope.SEE_RECORDS: N_("服务记录和检查结果"),
    Scope.RENEW: N_("申请长期处方续开"),
}
BASES = {
    Basis.CHILD: N_("孩子，凭证件核对"),
    Basis.WARD: N_("被监护人，凭监护证明核对"),
    Basis.HOUSEHOLD: N_("由本人授权"),
    Basis.NAMED: N_("由本人授权"),
    Basis.ADULT: N_("本人凭验证码或到场同意"),
}
KINDS = {
    Basis.CHILD: N_("孩子"),
    Basis.WARD: N_("被监护人"),
    Basis.ADULT: N_("成年家人"),
}
EVIDENCE = {
    Evidence.BIRTH_CERTIFICATE: N_("出生医学证明"),
    Evidence.HOUSEHOLD_BOOK: N_("户口簿"),
    Evidence.GUARDIANSHIP: N_("监护证明"),
    Evidence.CODE: N_("发到本人手机的验证码"),
    Evidence.ID_CARDS: N_("双方身份证"),
    Evidence.SOCIAL_CARDS: N_("双方社会保障卡"),
}
STATES = {
    BindingState.WAITING: (N_("等待核对"), "warn"),
    BindingState.CONFIRMED: (N_("已确认"), "good"),
    BindingState.REFUSED: (N_("没有通过"), "bad"),
    BindingState.WITHDRAWN: (N_("已撤回"), "calm"),
    BindingState.LAPSED: (N_("已过期"), "calm"),
}
SOURCES = {
    LabelSource.AGE: N_("按年龄"),
    LabelSource.RECORDS: N_("按健康记录"),
    LabelSource.STAFF: N_("由医务人员"),
    "example": N_("示例数据"),
}
SEXES = {"male": N_("男"), "female": N_("女")}
