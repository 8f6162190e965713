"""What people are told of a refund, with the amount and where it goes."""

from sqlalchemy.orm import Session

from core.messages import N_
from directory.public import get_institution
from notifications.public import notify_with_carers
from payments.models import Refund

LINK = "/refunds/mine"
ON_ITS_WAY = N_("应退的 %(amount)s 元已核准，正在原路退回付款的账户。")
AT_THE_DESK = N_("应退的 %(amount)s 元已核准，请带身份证到%(place)s领取。")
ARRIVED = N_("%(amount)s 元已原路退回付款的账户，请留意到账。")
PAID_OUT = N_("%(amount)s 元已在%(place)s领取。不是您或家人领的，请马上与机构联系。")
FAILED = N_("应退的 %(amount)s 元没有退成，机构会重新办理，不用您做什么。")
# Where no institution made it due.
ANYWHERE, ANYWHERE_EN = N_("办理的机构"), "the institution"


def tell(session: Session, row: Refund, sentence: str) -> None:
    """Tell the person, and who looks after them."""
    place = {"place": ANYWHERE, "place_en": ANYWHERE_EN}
    if row.institution_id is not None:
        place = {"place": get_institution(session, row.institution_id).name}
    values = {"amount": f"{row.amount_fen // 100}.{row.amount_fen % 100:02d}", **place}
    carers_link = f"{LINK}?person_id={row.person_id}"
    notify_with_carers(session, row.person_id, sentence, values, LINK, carers_link=carers_link)
