"""An administrator says what things are worth: always a new version, from a day that is to come."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Invalid
from core.ids import new_id
from core.messages import N_
from family_doctor.models import PointScheme
from family_doctor.queries.points import require_place, scheme_view
from family_doctor.schemas import MakeScheme, PointAction, SchemeValues, SchemeView
from service_packs.public import item_names

# Two versions made at once get different numbers.
NUMBERING = text("LOCK TABLE family_doctor_point_scheme IN SHARE ROW EXCLUSIVE MODE")


def make_scheme(session: Session, actor: Actor, command: MakeScheme) -> SchemeView:
    """Make a new version of the scheme of an institution or of the region.

    Raises NotFound, Denied, Invalid ``day_past`` or ``unknown_item``.
    """
    name, division = require_place(session, actor, command.institution_id, PointAction.CHANGE)
    if command.valid_from < clock.today():
        sentence = N_("生效日期不能早于今天，已经做好的报告不变。")
        raise Invalid("day_past", sentence, fields={"valid_from": sentence})
    if command.items.keys() - item_names(session, set(command.items)).keys():
        sentence = N_("有的服务项目本地没有，请从列出的项目里填写。")
        raise Invalid("unknown_item", sentence, fields={"items": sentence})
    session.execute(NUMBERING)
    last = select(func.max(PointScheme.number)).where(
        PointScheme.institution_id.is_not_distinct_from(command.institution_id)
    )
    row = PointScheme(
        id=new_id(),
        institution_id=command.institution_id,
        institution_name=name,
        division_code=division,
        number=(session.scalar(last) or 0) + 1,
        valid_from=command.valid_from,
        document=command.model_dump(include={*SchemeValues.model_fields}),
        made_by=actor.account_id,
        made_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    return scheme_view(row)
