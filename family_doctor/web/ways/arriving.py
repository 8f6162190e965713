"""What a card, an invitation or a share opens, on any phone."""

import hashlib
from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import body_at_most, limited
from core.web.writes import write
from directory.public import get_team
from family_doctor.queries.contracts import find_latest_contract
from family_doctor.queries.rules import rule_and_places
from family_doctor.schemas import (
    ApplyForContract,
    Arrival,
    ContractView,
    RefuseInvitation,
)
from family_doctor.services import introductions
from family_doctor.services.contracts import apply_for_contract
from family_doctor.services.extras import choices_for
from family_doctor.states import LIVE
from family_doctor.web.extras import read_choice
from family_doctor.web.ways.blueprint import pages
from residents.public import people_by_id
from wechat.public import wechat

# The links that this browser was counted for: digests, the newest last.
SEEN, MOST_SEEN = "ways_seen", 20
VISITS, WITHIN = 60, timedelta(minutes=1)
ANSWER_BYTES = 4 * 1024


@pages.get("/in/<link>")
@limited(VISITS, WITHIN)
@open_to(ANYONE)
def arrive(link: str) -> ResponseReturnValue:
    """The team, the doctor, the places left, and the way to apply."""
    return _page(link, blank(ApplyForContract), 200)


@pages.post("/in/<link>/apply")
@open_to(SIGNED_IN)
def apply_by_link(link: str) -> ResponseReturnValue:
    """Apply for oneself to the team that the link is of."""
    with transaction() as session:
        there = introductions.arrive(session, current_actor(), link, first=False)
    form = read_choice(ApplyForContract, team_id=there.team_id, introduction=link)
    command = form.command
    if command is None:
        return _page(link, form, 422)
    try:
        write(ContractView, lambda session: apply_for_contract(session, current_actor(), command))
    except PortalError as error:
        return _page(link, form, form.fail(error))
    flash(gettext("申请已送到团队，有答复时会发消息告诉您。"), "good")
    return redirect(url_for("family_doctor.mine"), 303)


@pages.post("/in/<link>/refuse")
@limited(VISITS, WITHIN)
@body_at_most(ANSWER_BYTES)
@open_to(ANYONE)
def refuse_by_link(link: str) -> ResponseReturnValue:
    """Say no to an invitation, for this time or for good; whoever holds the link may."""
    command = read_form(RefuseInvitation).command or RefuseInvitation()
    write(Arrival, lambda session: introductions.refuse(session, link, never=command.never))
    said = (
        gettext("已谢绝，以后不会再有团队邀请这个号码。") if command.never else gettext("已谢绝。")
    )
    flash(said, "good")
    return redirect(url_for(".arrive", link=link), 303)


def _page(link: str, form: Form[ApplyForContract], status: int) -> ResponseReturnValue:
    actor = current_actor() if signed_in() else None
    first = _first_time(link) if request.method == "GET" else False
    with transaction() as session:
        there = introductions.arrive(session, actor, link, first=first)
        team = get_team(session, there.team_id)
        rule, capacity = rule_and_places(session, team)
        mine = find_latest_contract(session, actor) if actor else None
        live = mine if mine and mine.state in LIVE else None
        own = actor.person_id if actor and live is None else None
        people = people_by_id(session, {own}).values() if own else ()
        _, choices = choices_for(session, people)
    form.values.setdefault("years", str(rule.term_years))
    page = render_template(
        "family_doctor/ways/arrive.html",
        link=link,
        there=there,
        team=team,
        capacity=capacity,
        rule=rule,
        choice=choices.get(own) if own else None,
        contract=live,
        form=form,
        sign_in=_sign_in(url_for(".arrive", link=link)),
    )
    return page, status


def _sign_in(back: str) -> str:
    """Where somebody signs in who comes back here: by WeChat where this is its own browser."""
    inside = "MicroMessenger" in request.user_agent.string and wechat().has_official_account
    return url_for("auth_wechat.start" if inside else "auth.sign_in", next=back)


def _first_time(link: str) -> bool:
    """Whether this browser opens the link for the first time; what it opened stays with it."""
    mark = hashlib.sha256(link.encode()).hexdigest()[:16]
    seen: list[str] = cookie.get(SEEN, [])
    if mark in seen:
        return False
    cookie[SEEN] = [*seen, mark][-MOST_SEEN:]
    return True


def team_of_link(link: str | None, team_id: UUID) -> str | None:
    """The link if it is of this team, for pages that carry it along; anything else is dropped."""
    if not link:
        return None
    try:
        with transaction() as session:
            there = introductions.arrive(session, None, link, first=False)
    except PortalError:
        return None
    return link if there.team_id == team_id else None
