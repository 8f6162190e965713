"""What hangs on a person's record in this room."""

from core.messages import N_
from residents.public import Holding
from service_packs.models import Entitlement, Order, ServiceRecord
from service_packs.schemas import OrderState

OWN = (
    Holding(
        Order.person_id,
        N_("服务包订单"),
        once_with=(Order.pack_code,),
        live=Order.state == OrderState.PENDING_PAYMENT,
        clash=(
            "order_unpaid_twice",
            N_("两份档案都有同一个服务包的待付款订单，不能合并。请先付款或取消其中一个。"),
        ),
    ),
    Holding(Entitlement.person_id, N_("服务权益"), shown=True),
    Holding(ServiceRecord.person_id, N_("服务记录"), shown=True),
)
