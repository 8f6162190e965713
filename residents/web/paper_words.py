"""What is shown of papers, claims and steps; the values are catalogue keys."""

from core.messages import N_
from core.web.languages import gettext
from residents.schemas import ACCEPTED, PAPER_NAMES, PAPERS, ClaimState, Step
from residents.web.duplicate_words import KINDS as RECORDED

# Here an ID card is the one that is valid, not an older number.
KINDS = RECORDED | PAPER_NAMES
STATES = {
    ClaimState.WAITING: (N_("等待核对"), "warn"),
    ClaimState.CONFIRMED: (N_("已确认"), "good"),
    ClaimState.REFUSED: (N_("没有通过"), "bad"),
    ClaimState.WITHDRAWN: (N_("已撤回"), "calm"),
    ClaimState.LAPSED: (N_("已过期"), "calm"),
}
STEPS = {
    Step.REGISTERED: N_("看过原件，登记"),
    Step.VERIFIED: N_("看过原件，确认账号是本人"),
    Step.NUMBERED: N_("补登身份证号"),
}


def paper_choices(*, with_card: bool) -> list[tuple[str, str]]:
    """The papers that are accepted, for a select."""
    return [(kind.value, gettext(KINDS[kind])) for kind in (ACCEPTED if with_card else PAPERS)]
