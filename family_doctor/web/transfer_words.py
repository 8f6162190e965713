"""What the states of transfers are called on the screens, with the tones of badges."""

from core.messages import N_
from family_doctor.schemas import OfferState, TransferState

STATES = {
    TransferState.PROPOSED: (N_("等对方答复"), "warn"),
    TransferState.ACCEPTED: (N_("等居民决定"), "info"),
    TransferState.SETTLED: (N_("办完了"), "good"),
    TransferState.DECLINED: (N_("对方不同意"), "calm"),
    TransferState.WITHDRAWN: (N_("已撤回"), "calm"),
    TransferState.LAPSED: (N_("没有答复，已作废"), "calm"),
}
OFFERS = {
    OfferState.PROPOSED: (N_("还没问居民"), "calm"),
    OfferState.ASKED: (N_("等居民决定"), "info"),
    OfferState.CONSENTED: (N_("已同意，等签新协议"), "warn"),
    OfferState.DONE: (N_("已转过去"), "good"),
    OfferState.DECLINED: (N_("居民不换"), "calm"),
    OfferState.LAPSED: (N_("没有答复，留下"), "calm"),
    OfferState.WITHDRAWN: (N_("已撤回"), "calm"),
    OfferState.GONE: (N_("签约另有变化"), "calm"),
}
