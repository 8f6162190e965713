"""Administering applications: who may sign people in, who sees them. Every change has a history."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.models import AuthorizationCode, Client, RefreshFamily, Token
from auth.organisation import Unit, UnitKind, organisation
from auth.queries.applications import (
    SUBJECT,
    application_resource,
    load_client,
    read_view,
    resource_at,
)
from auth.schemas.applications import (
    ApplicationAction,
    ApplicationVersion,
    ApplicationView,
    ChangeApplication,
    NewApplication,
    Placement,
    RegisterApplication,
)
from auth.schemas.sso import GrantType, RegisterClient, Scope, SigningAlgorithm
from auth.services.clients import create_client, end_old_client_secret, stage_client_secret
from auth.services.signing import signing_key
from core import clock, history
from core.access import Actor, require
from core.errors import Invalid
from core.messages import N_

REMOVABLE = ("launch_url", "backchannel_logout_uri")
# What decides of what kind an application is.
KIND = {"grants", "redirect_uris", "scopes", "service_scopes", "guarded_scopes"}
PLACES = (UnitKind.DIVISION, UnitKind.INSTITUTION)


def register_application(
    session: Session, actor: Actor, command: RegisterApplication
) -> NewApplication:
    """Register an application. Raises Denied or Invalid."""
    unit = _unit_for(session, command.unit)
    require(session, actor, ApplicationAction.REGISTER, resource_at(unit.path))
    if command.public and command.jwks is not None:
        raise _wrong("jwks", N_("公开客户端没有密钥；要用公钥，请不要勾选公开客户端。"))
    _check_kind(command.model_dump(include=KIND), public=command.public)
    registration = RegisterClient.model_validate(
        command.model_dump(exclude=set(Placement.model_fields))
    )
    made = create_client(session, registration)
    client = place_client(session, made.client_id, command)
    given = command.model_dump(mode="json") | {"unit": unit.name}
    history.note_creation(session, actor, SUBJECT, client, given)
    view = read_view(session, client)
    return NewApplication(**view.model_dump(), secret=made.secret)


def place_client(session: Session, client_id: str, placement: Placement) -> Client:
    """Give an application its place, its picture and its audience; for the console, too, which
    needs no policy. Raises Invalid.
    """
    _unit_for(session, placement.unit)
    client = session.get_one(Client, client_id)
    client.unit = placement.unit
    client.icon = placement.icon
    client.launch_url = placement.launch_url
    client.audience = [role.value for role in placement.audience]
    session.flush()
    return client


def change_application(
    session: Session, actor: Actor, application_id: UUID, command: ChangeApplication
) -> ApplicationView:
    """Change what was given. Moving it needs rights on the new place too.

    Raises NotFound, Denied, Invalid or Conflict (stale).
    """
    client = _load_to_change(session, actor, application_id)
    values = _values(command)
    shown: dict[str, history.Shown] = {}
    if "unit" in values and values["unit"] != client.unit:
        unit = _unit_for(session, values["unit"])
        require(session, actor, ApplicationAction.REGISTER, resource_at(unit.path))
        shown["unit"] = ("unit", read_view(session, client).unit_name, unit.name)
    if "redirect_uris" in values:
        _check_host(client, values["redirect_uris"])
    if "jwks" in values and client.jwks is None:
        raise _wrong("jwks", N_("这个应用不用公钥；要改用公钥，请另外登记。"))
    if values.keys() & KIND:
        public = client.secret_hash is None and client.jwks is None
        asked = {name: getattr(client, name) for name in KIND} | values
        _check_kind(asked, public=public)
    if command.algorithm is not None:
        signing_key(session, SigningAlgorithm(command.algorithm))  # in the key set in time
    history.change(session, actor, SUBJECT, client, command.version, values, shown)
    return read_view(session, client)


def stage_secret(
    session: Session, actor: Actor, application_id: UUID, command: ApplicationVersion
) -> NewApplication:
    """Make a new secret; the one before works too until it is ended, so that nothing stands still.

    Raises NotFound, Denied, or Conflict (stale, ``client_kind``, ``secret_staged``).
    """
    client = _load_to_change(session, actor, application_id)
    history.touch(session, client, command.version)
    made = stage_client_secret(session, client.client_id)
    history.note(session, actor, SUBJECT, client, {"secret": [None, True]})
    session.refresh(client)
    return NewApplication(**read_view(session, client).model_dump(), secret=made.secret)


def end_old_secret(
    session: Session, actor: Actor, application_id: UUID, command: ApplicationVersion
) -> ApplicationView:
    """End the secret before, once the application has the new one.

    Raises NotFound, Denied or Conflict (stale).
    """
    client = _load_to_change(session, actor, application_id)
    if client.old_secret_hash is not None:
        history.touch(session, client, command.version)
        end_old_client_secret(session, client.client_id)
        history.note(session, actor, SUBJECT, client, {"old_secret": [True, None]})
        session.refresh(client)
    return read_view(session, client)


def disable_application(
    session: Session, actor: Actor, application_id: UUID, command: ApplicationVersion
) -> ApplicationView:
    """Stop an application: nobody signs in to it, and what it holds ends at once.

    Raises NotFound, Denied or Conflict.
    """
    client = _load_to_disable(session, actor, application_id)
    if client.disabled_at is None:
        _set_disabled(session, actor, client, command.version, disabled=True)
        _end_what_it_holds(session, client)
    return read_view(session, client)


def enable_application(
    session: Session, actor: Actor, application_id: UUID, command: ApplicationVersion
) -> ApplicationView:
    """Let people sign in to a disabled application again. Raises NotFound, Denied or Conflict."""
    client = _load_to_disable(session, actor, application_id)
    if client.disabled_at is not None:
        _set_disabled(session, actor, client, command.version, disabled=False)
    return read_view(session, client)


def _load_to_change(session: Session, actor: Actor, application_id: UUID) -> Client:
    return _load_for(session, actor, application_id, ApplicationAction.CHANGE)


def _load_to_disable(session: Session, actor: Actor, application_id: UUID) -> Client:
    return _load_for(session, actor, application_id, ApplicationAction.DISABLE)


def _load_for(
    session: Session, actor: Actor, application_id: UUID, action: ApplicationAction
) -> Client:
    client = load_client(session, application_id)
    require(session, actor, action, application_resource(session, actor, client))
    return client


def _set_disabled(
    session: Session, actor: Actor, client: Client, version: int, *, disabled: bool
) -> None:
    values = {"disabled_at": clock.now() if disabled else None}
    shown = {"disabled_at": ("disabled", not disabled, disabled)}
    history.change(session, actor, SUBJECT, client, version, values, shown)


def _end_what_it_holds(session: Session, client: Client) -> None:
    now = clock.now()
    for held in (Token, RefreshFamily):
        session.execute(
            update(held)
            .where(held.client_id == client.client_id, held.ended_at.is_(None))
            .values(ended_at=now)
        )
    session.execute(
        update(AuthorizationCode)
        .where(AuthorizationCode.client_id == client.client_id, AuthorizationCode.expires_at > now)
        .values(expires_at=now)
    )


def _values(command: ChangeApplication) -> dict[str, Any]:
    """The given fields; only some addresses can be taken away."""
    given = command.model_dump(mode="json", exclude_unset=True, exclude={"version"})
    values = {
        name: value for name, value in given.items() if value is not None or name in REMOVABLE
    }
    if "scopes" in values:
        values["scopes"] = sorted({Scope.OPENID.value, *values["scopes"]})
    return values


def _check_kind(asked: Mapping[str, Any], *, public: bool) -> None:
    """What belongs together, as ``RegisterClient`` has it. Raises Invalid."""
    grants, service = asked["grants"], asked["service_scopes"]
    if not grants:
        raise _wrong("grants", N_("请至少选择一种接入方式。"))
    if GrantType.CODE in grants and not asked["redirect_uris"]:
        raise _wrong("redirect_uris", N_("由人在浏览器里登录的应用要有回调地址。"))
    if (GrantType.SERVICE in grants) != bool(service):
        raise _wrong("service_scopes", N_("自己调用接口的应用要写明能做什么；其他应用不用写。"))
    if public and (GrantType.SERVICE in grants or asked["guarded_scopes"]):
        raise _wrong("grants", N_("自己调用接口、或替别人把关的应用要有密钥，不能是公开客户端。"))
    if Scope.OFFLINE in asked["scopes"] and GrantType.REFRESH not in grants:
        raise _wrong("scopes", N_("只有登记为可以续期的应用，才能在退出登录后继续续期。"))


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid("application_kind", sentence, fields={field: sentence})


def _check_host(client: Client, addresses: list[str]) -> None:
    """Its subjects are made for one host (OpenID Connect Core 1.0, 8.1)."""
    if addresses and urlsplit(addresses[0]).hostname != client.sector:
        sentence = N_("回调地址要留在登记时的主机上；换主机会让它认不出老用户，请另外登记。")
        raise Invalid("client_host", sentence, fields={"redirect_uris": sentence})


def _unit_for(session: Session, code: str) -> Unit:
    unit = organisation().units_by_code(session, [code]).get(code)
    if unit is None or unit.kind not in PLACES:
        sentence = N_("请选择一个区划或机构。")
        raise Invalid("wrong_unit", sentence, fields={"unit": sentence})
    return unit
