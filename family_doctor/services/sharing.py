"""Sharing a team's page: the chain is kept, nobody who opens it."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from family_doctor.links import LinkKind, read_link
from family_doctor.models import Share
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import share_view, way_rule
from family_doctor.schemas import ShareTeam, ShareView, WayAction


def share_team(session: Session, actor: Actor, command: ShareTeam) -> ShareView:
    """The actor's link to a team's page. Shared again it is the same one, good for longer, and
    keeps the chain that it first had. Raises NotFound, Denied or Conflict ``team_closed``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, WayAction.SHARE, panel_resource(team))
    if team.disabled:
        raise Conflict("team_closed", N_("这个团队已停止签约，不能再分享。"))
    parent = _parent(session, actor, command)
    now = clock.now()
    expires_at = now + timedelta(days=way_rule(session).share_days)
    row = insert(Share).values(
        id=new_id(),
        team_id=team.id,
        account_id=actor.account_id,
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 1,
        created_at=now,
        expires_at=expires_at,
    )
    row = row.on_conflict_do_update(
        index_elements=[Share.team_id, Share.account_id], set_={"expires_at": expires_at}
    )
    fresh = {"populate_existing": True}
    return share_view(session.scalars(row.returning(Share), execution_options=fresh).one())


def _parent(session: Session, actor: Actor, command: ShareTeam) -> Share | None:
    """The share by which the actor came, if it is one of this team and not their own."""
    link = read_link(command.through or "")
    if link is None or link.kind is not LinkKind.SHARE:
        return None
    others = select(Share).where(
        Share.id == link.id,
        Share.team_id == command.team_id,
        Share.account_id != actor.account_id,
    )
    return session.scalars(others).one_or_none()
