"""Linking a hospital's system, and what people do about calls that nobody answered."""

from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.hospital.signing import make_secret
from appointments.models import HospitalCall, HospitalLink, Rule
from appointments.queries.exchange import call_resource, exception_view, load_link
from appointments.schemas import (
    Call,
    CallState,
    ExchangeAction,
    FailedCall,
    LinkSecret,
    LinkVersion,
    LinkView,
    SaveLink,
    SettleCall,
)
from appointments.services.outbound import CALL_JOB
from core import clock, history
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from core.settings import Environment, settings
from directory.public import get_institution

SUBJECT = "hospital_link"
LABELS = {"base_url": N_("接口地址"), "enabled": N_("启用"), "secret": N_("密钥")}


def save_link(
    session: Session, actor: Actor, institution_id: UUID, command: SaveLink
) -> LinkSecret:
    """Link a hospital's system, or change where it answers. A new link has a new secret, told once.

    Raises NotFound, Denied, Invalid ``bad_address``, or Conflict ``no_rule``, ``stale_version``.
    """
    institution, link = load_link(session, actor, institution_id)
    _check_address(command.base_url)
    values = command.model_dump(exclude={"version"})
    if link is not None:
        was_off = not link.enabled
        history.change(session, actor, SUBJECT, link, command.version, values)
        if was_off and link.enabled:
            # What was booked while nobody asked stays unasked.
            link.asked_since = clock.now()
        return _view(link, None)
    if session.get(Rule, institution_id) is None:
        raise _no_rule()
    secret = make_secret()
    made = (
        insert(HospitalLink)
        .values(
            id=new_id(),
            institution_id=institution_id,
            institution_name=institution.name,
            division_code=institution.division_code,
            secret=secret,
            created_at=clock.now(),
            asked_since=clock.now(),
            **values,
        )
        .on_conflict_do_nothing()
        .returning(HospitalLink)
    )
    link = session.scalar(made)
    if link is None:
        raise history.stale_version()
    history.note_creation(session, actor, SUBJECT, link, values)
    return _view(link, secret)


def ensure_link(session: Session, institution_id: UUID, base_url: str, secret: str) -> None:
    """Link a hospital with a known secret and call it; for operators at the console.

    Raises NotFound, Invalid ``bad_address`` or Conflict ``no_rule``.
    """
    institution = get_institution(session, institution_id)
    _check_address(base_url)
    if session.get(Rule, institution_id) is None:
        raise _no_rule()
    values = {"base_url": base_url, "secret": secret, "enabled": True}
    row = insert(HospitalLink).values(
        id=new_id(),
        institution_id=institution_id,
        institution_name=institution.name,
        division_code=institution.division_code,
        created_at=clock.now(),
        asked_since=clock.now(),
        **values,
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=[HospitalLink.institution_id],
            set_={name: row.excluded[name] for name in values}
            | {
                "version": HospitalLink.version + 1,
                "asked_since": case(
                    (HospitalLink.enabled, HospitalLink.asked_since),
                    else_=row.excluded.asked_since,
                ),
            },
        )
    )


def renew_secret(
    session: Session, actor: Actor, institution_id: UUID, command: LinkVersion
) -> LinkSecret:
    """A new secret, told once; the one before ends at once.

    Raises NotFound, Denied, or Conflict ``stale_version``.
    """
    _, link = load_link(session, actor, institution_id)
    if link is None:
        raise NotFound()
    secret = make_secret()
    hidden = {"secret": ("secret", None, None)}
    history.change(session, actor, SUBJECT, link, command.version, {"secret": secret}, hidden)
    return _view(link, secret)


def link_to_test(session: Session, actor: Actor, institution_id: UUID) -> tuple[str, str]:
    """Address and secret, to be tried outside the transaction. Raises NotFound or Denied."""
    _, link = load_link(session, actor, institution_id)
    if link is None:
        raise NotFound()
    return link.base_url, link.secret


def retry_call(session: Session, actor: Actor, call_id: UUID) -> FailedCall:
    """Call the hospital again, from the first try. Raises NotFound, Denied or Conflict."""
    call = _call(session, actor, call_id)
    values = {
        "state": CallState.WAITING,
        "attempts": 0,
        "next_at": clock.now(),
        "trouble": None,
    }
    _take_up(session, call_id, values)
    defer_by_name(session, CALL_JOB, booking_id=str(call.booking_id))
    return exception_view(session, call_id)


def settle_call(session: Session, actor: Actor, call_id: UUID, command: SettleCall) -> FailedCall:
    """Note that it was done by hand. A number locked by hand needs no call to confirm it.

    Raises NotFound, Denied or Conflict.
    """
    call = _call(session, actor, call_id)
    values = {
        "state": CallState.SETTLED,
        "note": command.note,
        "settled_by": actor.account_id,
    }
    _take_up(session, call_id, values)
    if call.call == Call.LOCK:
        session.execute(
            update(HospitalCall)
            .where(
                HospitalCall.booking_id == call.booking_id,
                HospitalCall.call == Call.CONFIRM,
                HospitalCall.state == CallState.WAITING,
            )
            .values(state=CallState.VOID, next_at=None)
        )
    return exception_view(session, call_id)


def _call(session: Session, actor: Actor, call_id: UUID) -> HospitalCall:
    call = session.scalar(select(HospitalCall).where(HospitalCall.id == call_id))
    if call is None:
        raise NotFound()
    require(session, actor, ExchangeAction.SETTLE, call_resource(call))
    return call


def _take_up(session: Session, call_id: UUID, values: dict[str, object]) -> None:
    taken = (
        update(HospitalCall)
        .where(HospitalCall.id == call_id, HospitalCall.state == CallState.EXCEPTION)
        .values(**values)
        .returning(HospitalCall.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(taken).first() is None:
        raise Conflict("not_an_exception", N_("这一条已经有人办理，或医院刚才有了回答。"))


def _no_rule() -> Conflict:
    return Conflict("no_rule", N_("这家医院还没有开通预约，请先请管理员设置预约规则。"))


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    schemes = ("https",) if settings().environment is Environment.PRODUCTION else ("https", "http")
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.query:
        sentence = N_("请填写 https:// 开头的地址，不带用户名和参数。")
        raise Invalid("bad_address", sentence, fields={"base_url": sentence})


def _view(link: HospitalLink, secret: str | None) -> LinkSecret:
    return LinkSecret(**LinkView.model_validate(link).model_dump(), secret=secret)
