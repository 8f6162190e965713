"""Signing at the desk on the team's tablet: prepared by staff, read and signed by the resident,
witnessed by staff.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.problems import translated
from directory.public import get_team
from family_doctor.queries.on_site import (
    describe_presence,
    get_presence,
    presence_view,
    standing_of,
)
from family_doctor.queries.rules import rule_for
from family_doctor.schemas import (
    ContractView,
    PrepareAgreement,
    PresenceState,
    PresenceView,
    SignOnSite,
    WitnessSigning,
)
from family_doctor.services import on_site as services
from family_doctor.services.extras import choices_for
from family_doctor.services.present import count_signer_tail
from family_doctor.services.succession import next_day
from family_doctor.states import IN_FORCE
from family_doctor.web import ways_words, wording
from family_doctor.web.extras import read_choice
from residents.public import people_by_id
from service_packs.schemas import Tier

pages = Blueprint("family_doctor_on_site", __name__, url_prefix="/family-doctor/ways/on-site")
STAFF = (Role.LEADER, Role.MEMBER)


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the templates the wording of states and papers, and the day."""
    return {"wording": wording, "words": ways_words, "today": clock.today()}


@pages.get("/<uuid:presence_id>")
@open_to(*STAFF)
def prepare_page(presence_id: UUID) -> ResponseReturnValue:
    """What the staff settle before the tablet goes to the resident."""
    return _prepare_page(presence_id, blank(PrepareAgreement))


@pages.post("/<uuid:presence_id>")
@open_to(*STAFF)
def prepare(presence_id: UUID) -> ResponseReturnValue:
    """Write the agreement; the tablet goes to the resident."""
    form = read_choice(PrepareAgreement)
    if form.command is not None:
        with transaction() as session:
            count_signer_tail(session, current_actor(), presence_id, form.command)
    done = attempt(
        form,
        PresenceView,
        lambda s, command: services.prepare_agreement(s, current_actor(), presence_id, command),
    )
    if done is None:
        return _prepare_page(presence_id, form)
    return redirect(url_for(".sign_page", presence_id=presence_id), 303)


@pages.get("/<uuid:presence_id>/sign")
@open_to(*STAFF)
def sign_page(presence_id: UUID) -> ResponseReturnValue:
    """The whole text in large letters, and the field to sign in at its end."""
    return _sign_page(presence_id, blank(SignOnSite))


@pages.post("/<uuid:presence_id>/sign")
@open_to(*STAFF)
def sign(presence_id: UUID) -> ResponseReturnValue:
    """The resident signed: the tablet goes back."""
    form = read_form(SignOnSite)
    done = attempt(
        form,
        PresenceView,
        lambda s, command: services.sign_on_site(s, current_actor(), presence_id, command),
    )
    if done is None:
        return _sign_page(presence_id, form)
    return redirect(url_for(".witness_page", presence_id=presence_id), 303)


@pages.get("/<uuid:presence_id>/witness")
@open_to(*STAFF)
def witness_page(presence_id: UUID) -> ResponseReturnValue:
    """Give the tablet back; the staff look at the signature and say that they saw it."""
    return _witness_page(presence_id, blank(WitnessSigning))


@pages.post("/<uuid:presence_id>/witness")
@open_to(*STAFF)
def witness(presence_id: UUID) -> ResponseReturnValue:
    """Witness it: an application that is signed, or a contract where a leader did it."""
    form = read_form(WitnessSigning)
    done = attempt(
        form,
        ContractView,
        lambda s, command: services.witness_signing(s, current_actor(), presence_id, command),
    )
    if done is None:
        return _witness_page(presence_id, form)
    if done.state in IN_FORCE:
        sentence = gettext("双方已签名，签约已生效，到 %(date)s 为止。", date=done.ends_on)
    elif done.accepted_at is not None:
        sentence = gettext(
            "双方已签名，原签约期满后接着生效，到 %(date)s 为止。", date=done.ends_on
        )
    else:
        sentence = gettext("居民已签名，申请已送到团队长，团队长签名后生效。")
    flash(sentence, "good")
    return redirect(url_for("family_doctor.resident", contract_id=done.id), 303)


def _prepare_page(presence_id: UUID, form: Form[PrepareAgreement]) -> ResponseReturnValue:
    with transaction() as session:
        row = get_presence(session, current_actor(), presence_id)
        if row.contract_id is not None:
            return _over(row.contract_id)
        team = get_team(session, row.team_id)
        person = people_by_id(session, {row.person_id})[row.person_id]
        rule = rule_for(session, team.institution_id)
        standing = standing_of(session, team, rule, person.id)
        presence = describe_presence(session, row, person, standing)
        old = standing.renewed()
        begins_on = next_day(old) if old else None
        offered, choices = choices_for(session, [person], begins_on)
    packs = [pack for pack in offered if pack.tier is Tier.BASIC]
    years = row.term_years or (min(old.term_years, rule.term_years_max) if old else rule.term_years)
    usual = packs[0].code if packs else ""
    form.values.setdefault("years", str(years))
    form.values.setdefault("extra_codes", " ".join(row.extra_codes))
    form.values.setdefault("pack_code", row.pack_code or usual)
    if len(presence.signers) == 1:
        form.values.setdefault("signer_id", str(presence.signers[0].person_id))
    page = render_template(
        "family_doctor/on_site/prepare.html",
        presence=presence,
        person=person,
        team=team,
        rule=rule,
        renews=old is not None,
        packs=packs,
        choice=choices[person.id],
        form=form,
    )
    return page, form.status


def _sign_page(presence_id: UUID, form: Form[SignOnSite]) -> ResponseReturnValue:
    with transaction() as session:
        actor = current_actor()
        row = get_presence(session, actor, presence_id)
        if row.contract_id is not None:
            return _over(row.contract_id)
        try:
            reading = services.read_on_site(session, actor, presence_id)
        except Conflict as error:
            flash(translated(error.message), "bad")
            return redirect(url_for(".prepare_page", presence_id=presence_id), 303)
    # What is agreed to is the text on this page, also when an older one was sent.
    form.values["agreement_sha256"] = reading.text.sha256
    page = render_template("family_doctor/on_site/sign.html", reading=reading, form=form)
    return page, form.status


def _witness_page(presence_id: UUID, form: Form[WitnessSigning]) -> ResponseReturnValue:
    with transaction() as session:
        row = get_presence(session, current_actor(), presence_id)
        if row.contract_id is not None:
            return _over(row.contract_id)
        view = presence_view(row)
        people = people_by_id(session, {row.person_id, row.signer_id or row.person_id})
        team = get_team(session, row.team_id)
        drawn = (row.strokes, row.typed_name)
    if view.state is not PresenceState.SIGNED:
        return redirect(url_for(".prepare_page", presence_id=presence_id), 303)
    page = render_template(
        "family_doctor/on_site/witness.html",
        presence=view,
        person=people[row.person_id],
        signer=people[row.signer_id or row.person_id],
        team=team,
        drawn=drawn,
        evidence=row.evidence,
        form=form,
    )
    return page, form.status


def _over(contract_id: UUID) -> ResponseReturnValue:
    """What is done has a page of its own."""
    return redirect(url_for("family_doctor.resident", contract_id=contract_id), 303)
