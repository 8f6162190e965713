"""Keeping, renaming, sharing and deleting filters of the panel."""

from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from family_doctor.models import SavedFilter
from family_doctor.queries.filters import filter_resource, load_filter, view_filter
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    MOST_FILTERS,
    ChangeFilter,
    PanelAction,
    PanelFilters,
    SavedFilterView,
    SaveFilter,
)


def save_filter(session: Session, actor: Actor, command: SaveFilter) -> SavedFilterView:
    """Keep a filter; one of the same name takes its place. Raises NotFound, Denied, Invalid
    ``no_filter``, or Conflict ``too_many_filters``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, PanelAction.KEEP, panel_resource(team))
    if command.shared:
        wanted = filter_resource(team, actor.account_id, shared=True)
        require(session, actor, PanelAction.SHARE, wanted)
    asked = PanelFilters.asked(command)
    if not asked:
        raise Invalid("no_filter", N_("请先选好筛选条件，再保存。"))
    # Two that are kept at once would both count 19 before.
    lock = int.from_bytes(actor.account_id.bytes[8:16]) >> 1
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    own = (SavedFilter.account_id == actor.account_id, SavedFilter.team_id == team.id)
    others = select(func.count()).where(*own, SavedFilter.name != command.name)
    if (session.scalar(others) or 0) >= MOST_FILTERS:
        raise Conflict("too_many_filters", N_("最多保存 20 个筛选，请先删除不用的。"))
    row = insert(SavedFilter).values(
        id=new_id(),
        account_id=actor.account_id,
        team_id=team.id,
        name=command.name,
        shared=command.shared,
        filters=asked,
    )
    kept = session.scalars(
        row.on_conflict_do_update(
            index_elements=[SavedFilter.account_id, SavedFilter.team_id, SavedFilter.name],
            set_={"filters": row.excluded.filters, "shared": row.excluded.shared},
        ).returning(SavedFilter),
        execution_options={"populate_existing": True},
    ).one()
    return view_filter(actor, kept)


def change_filter(
    session: Session, actor: Actor, filter_id: UUID, command: ChangeFilter
) -> SavedFilterView:
    """Rename one's filter, share it or share it no more. Raises NotFound, Denied, or Conflict
    ``filter_name_taken``.
    """
    row, team = load_filter(session, actor, filter_id, PanelAction.CHANGE)
    if command.shared and not row.shared:
        wanted = filter_resource(team, row.account_id, shared=True, filter_id=row.id)
        require(session, actor, PanelAction.SHARE, wanted)
    taken = select(SavedFilter.id).where(
        SavedFilter.account_id == row.account_id,
        SavedFilter.team_id == row.team_id,
        SavedFilter.name == command.name,
        SavedFilter.id != row.id,
    )
    if session.scalar(taken):
        raise Conflict("filter_name_taken", N_("您已有一个同名的筛选，请换一个名称。"))
    changed = session.scalars(
        update(SavedFilter)
        .where(SavedFilter.id == row.id)
        .values(name=command.name, shared=command.shared)
        .returning(SavedFilter),
        execution_options={"populate_existing": True, "synchronize_session": False},
    ).one_or_none()
    if changed is None:
        raise NotFound()
    return view_filter(actor, changed)


def delete_filter(session: Session, actor: Actor, filter_id: UUID) -> SavedFilterView:
    """Delete one's filter; returns it as it was. Raises NotFound (also the second time) or
    Denied.
    """
    row, _ = load_filter(session, actor, filter_id, PanelAction.CHANGE)
    gone = view_filter(actor, row)
    session.execute(
        delete(SavedFilter)
        .where(SavedFilter.id == row.id)
        .execution_options(synchronize_session=False)
    )
    return gone
