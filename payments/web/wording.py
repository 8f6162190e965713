"""What pages call the states of a refund, and why the provider could not give it."""

from core.messages import N_
from payments.schemas import RefundState, RefundView

TABS = {
    RefundState.DUE: N_("待核准"),
    RefundState.FAILED: N_("没有退成"),
    RefundState.SENT: N_("在路上"),
    RefundState.DONE: N_("已退"),
}
# The provider's code → what happened, what to do next, and whether sending it again may help.
FAILURES = {
    "charge_already_refunded": (
        N_("支付平台说这笔付款已经全部退过。"),
        N_("请在支付平台的后台核对；确实没退到的，改在窗口付。"),
        False,
    ),
    "amount_too_large": (
        N_("支付平台上这笔付款剩下的钱不够退。"),
        N_("请在支付平台的后台核对已退的部分；确实没退到的，改在窗口付。"),
        False,
    ),
    "insufficient_funds": (
        N_("机构在支付平台的余额不够。"),
        N_("请先充值，再退一次。"),
        True,
    ),
    "expired_or_canceled_card": (
        N_("付款的卡或账户已经停用。"),
        N_("再退也退不回去，请改在窗口付。"),
        False,
    ),
    "lost_or_stolen_card": (
        N_("付款的卡已经挂失。"),
        N_("再退也退不回去，请改在窗口付。"),
        False,
    ),
}
OTHERWISE = (
    N_("银行没有收下这笔退款。"),
    N_("请先再退一次；还是不成，改在窗口付。"),
    True,
)


def failure(refund: RefundView) -> tuple[str, str, bool]:
    """What happened to one that failed, what to do next, and whether sending it again may help."""
    return FAILURES.get(refund.failure_code or "", OTHERWISE)
