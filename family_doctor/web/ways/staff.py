"""The staff's side: a card to print, invitations, applying for somebody who is present."""

from itertools import groupby
from typing import TypeVar
from uuid import UUID

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core.access import Role, decide
from core.database import transaction
from core.errors import Invalid, PortalError
from core.messages import N_
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import body_at_most
from core.web.pager import pager
from core.web.writes import write
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.queries.on_site import list_open
from family_doctor.queries.rules import rule_for
from family_doctor.queries.team import panel_resource, require_team, teams_worked_in
from family_doctor.queries.ways import (
    invitation_figures,
    list_cards,
    list_invitations,
    share_figures,
    team_ways,
)
from family_doctor.schemas import (
    ApplyOnBehalf,
    ApplyPresent,
    CardView,
    ContractView,
    Evidence,
    InvitationBatch,
    InvitationSearch,
    Invite,
    IssueCard,
    OfTeam,
    PresenceView,
    WayAction,
)
from family_doctor.services import cards, inviting, present
from family_doctor.services.on_site import begin_on_site as begin
from family_doctor.web.extras import read_choice
from family_doctor.web.ways.asking import ask_identity
from family_doctor.web.ways.blueprint import pages, whole_link
from residents.schemas import ACCEPTED, PAPER_NAMES, IdentifierKind
from service_packs.public import list_packs
from service_packs.schemas import PackView, Tier

P = TypeVar("P", bound=ApplyPresent)

# 500 lines of a table, as a file or pasted.
LIST_BYTES = 64 * 1024
QR_SCALE = 6
SIZES = ("a6", "a4")


@pages.get("/ways")
@open_to(Role.LEADER, Role.MEMBER)
def overview() -> ResponseReturnValue:
    """A team's ways of signing: figures by way, the cards, what came of invitations and shares."""
    search = read_query(OfTeam)
    with transaction() as session:
        actor = current_actor()
        teams = teams_worked_in(session, actor)
        team = require_team(session, actor, teams, search.team_id)
        ways = team_ways(session, actor, team)
        issued = list_cards(session, actor, team, search)
        invited = invitation_figures(session, team.id)
        leads, _ = decide(actor, WayAction.READ_SHARES, panel_resource(team))
        shares = share_figures(session, actor, team) if leads else None
    return render_template(
        "family_doctor/ways/overview.html",
        team=team,
        teams=teams,
        ways=ways,
        search=search,
        cards=issued.items,
        pager=pager(issued),
        invited=invited,
        shares=shares,
        leads=leads,
    )


@pages.post("/ways/cards")
@open_to(Role.LEADER, Role.MEMBER)
def make_card() -> ResponseReturnValue:
    """A new card, with a code of its own."""
    form = read_form(IssueCard)
    if form.command is None:
        raise Invalid()
    command = form.command
    card = write(CardView, lambda session: cards.issue_card(session, current_actor(), command))
    return redirect(url_for(".card", card_id=card.id), 303)


@pages.get("/ways/cards/<uuid:card_id>")
@open_to(Role.LEADER, Role.MEMBER)
def card(card_id: UUID) -> ResponseReturnValue:
    """The card as it is printed, on A6 or A4."""
    size = request.args.get("size")
    with transaction() as session:
        view = cards.read_card(session, current_actor(), card_id)
        team = get_team(session, view.team_id)
    address = whole_link(view.link)
    return render_template(
        "family_doctor/ways/card.html",
        card=view,
        team=team,
        size=size if size in SIZES else SIZES[0],
        address=address,
        picture=segno.make(address, error="q").svg_data_uri(scale=QR_SCALE, border=2),
    )


@pages.post("/ways/cards/<uuid:card_id>/revoke")
@open_to(Role.LEADER, Role.MEMBER)
def revoke_card(card_id: UUID) -> ResponseReturnValue:
    """Stop a card at once."""
    card = write(CardView, lambda session: cards.revoke_card(session, current_actor(), card_id))
    flash(gettext("名片已停用，扫它的人会看到怎样另外申请。"), "good")
    return redirect(url_for(".overview", team_id=card.team_id), 303)


@pages.get("/ways/invitations")
@open_to(Role.LEADER, Role.MEMBER)
def invitations() -> ResponseReturnValue:
    """Whom the team invited, and how far each came; and the box for new ones."""
    return _invitations_page(blank(Invite), None, 200)


@pages.post("/ways/invitations")
@body_at_most(LIST_BYTES)
@open_to(Role.LEADER, Role.MEMBER)
def invite() -> ResponseReturnValue:
    """Invite by number or list; lines that were not invited stay in the box with their reason."""
    try:
        form = read_form(Invite, numbers=_numbers())
    except Invalid as error:
        form = read_form(Invite)
        return _invitations_page(form, None, form.fail(error))
    command = form.command
    if command is None:
        return _invitations_page(form, None, 422)
    try:
        done = write(
            InvitationBatch, lambda session: inviting.invite(session, current_actor(), command)
        )
    except PortalError as error:
        return _invitations_page(form, None, form.fail(error))
    if done.invited:
        flash(gettext("已邀请 %(count)s 人，短信正在发出。", count=done.invited), "good")
    if not done.refused:
        return redirect(url_for(".invitations", team_id=command.team_id), 303)
    form.values["numbers"] = "\n".join(line.text for line in done.refused)
    return _invitations_page(form, done, 200)


@pages.get("/ways/on-site")
@open_to(Role.LEADER, Role.MEMBER)
def on_site() -> ResponseReturnValue:
    """Find or register the resident in front of the tablet."""
    return _present_page("on_site", blank(ApplyPresent, kind=IdentifierKind.ID_CARD), 200)


@pages.post("/ways/on-site")
@open_to(Role.LEADER, Role.MEMBER)
def begin_on_site() -> ResponseReturnValue:
    """The name belongs to the number: the tablet goes to the resident."""
    form = read_form(ApplyPresent)
    command = form.command
    if command is None:
        return _present_page("on_site", form, 422)
    try:
        verdict = ask_identity(command)
        begun = write(
            PresenceView,
            lambda session: begin(session, current_actor(), command, verdict),
        )
    except PortalError as error:
        return _present_page("on_site", form, form.fail(error))
    return redirect(url_for("family_doctor_on_site.prepare_page", presence_id=begun.id), 303)


@pages.get("/ways/on-behalf")
@open_to(Role.LEADER, Role.MEMBER)
def on_behalf() -> ResponseReturnValue:
    """Apply for a resident by the papers that were seen."""
    return _present_page("on_behalf", blank(ApplyOnBehalf, kind=IdentifierKind.ID_CARD), 200)


@pages.post("/ways/on-behalf")
@open_to(Role.LEADER, Role.MEMBER)
def apply_on_behalf() -> ResponseReturnValue:
    """Make the application; the resident gets a message and an SMS, and may refuse."""
    form = read_choice(ApplyOnBehalf)
    command = form.command
    if command is None:
        return _present_page("on_behalf", form, 422)
    try:
        verdict = ask_identity(command, on_behalf=True)
        made = write(
            ContractView,
            lambda session: present.apply_on_behalf(session, current_actor(), command, verdict),
        )
    except PortalError as error:
        return _present_page("on_behalf", form, form.fail(error))
    flash(gettext("已代为申请，居民会收到消息和短信，可以拒绝。"), "good")
    return redirect(url_for("family_doctor.resident", contract_id=made.id), 303)


def _numbers() -> str:
    """What was pasted, and behind it what a file holds. Raises Invalid for no text at all."""
    file = request.files.get("file")
    pasted = request.form.get("numbers", "")
    held = file.read() if file and file.filename else b""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return "\n".join(part for part in (pasted, held.decode(encoding)) if part.strip())
        except UnicodeDecodeError:
            continue
    sentence = N_("读不出这个文件，请另存为 CSV 再上传，或直接粘贴号码。")
    raise Invalid("bad_file", sentence, fields={"numbers": sentence})


def _team(session: Session) -> tuple[list[TeamView], TeamView]:
    search = read_query(OfTeam)
    asked = search.team_id or _uuid(request.form.get("team_id"))
    teams = teams_worked_in(session, current_actor())
    return teams, require_team(session, current_actor(), teams, asked)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _invitations_page(
    form: Form[Invite], done: InvitationBatch | None, status: int
) -> ResponseReturnValue:
    search = read_query(InvitationSearch)
    with transaction() as session:
        teams, team = _team(session)
        page = list_invitations(session, current_actor(), team, search)
        figures = invitation_figures(session, team.id)
    shown = render_template(
        "family_doctor/ways/invitations.html",
        team=team,
        teams=teams,
        search=search,
        invitations=page.items,
        pager=pager(page),
        figures=figures,
        done=done,
        form=form,
    )
    return shown, status


def _by_group(packs: list[PackView]) -> list[list[PackView]]:
    """The personalised ones, each group's together: whose they are is known once the papers are."""
    beside = [pack for pack in packs if pack.tier is not Tier.BASIC]
    return [list(each) for _, each in groupby(beside, key=lambda pack: pack.group_code)]


def _present_page(kind: str, form: Form[P], status: int) -> ResponseReturnValue:
    on_behalf = kind == "on_behalf"
    with transaction() as session:
        teams, team = _team(session)
        waiting = [] if on_behalf else list_open(session, current_actor(), team)
        rule = rule_for(session, team.institution_id) if on_behalf else None
        packs = list_packs(session) if on_behalf else []
    if rule:
        form.values.setdefault("years", str(rule.term_years))
    page = render_template(
        "family_doctor/ways/present.html",
        waiting=waiting,
        kind=kind,
        team=team,
        teams=teams,
        papers=[(kind.value, gettext(PAPER_NAMES[kind])) for kind in ACCEPTED],
        evidence=list(Evidence),
        rule=rule,
        packs=_by_group(packs),
        form=form,
    )
    return page, status
