"""Devices without a keyboard: they show a code, somebody lets them in (RFC 8628)."""

import secrets
from datetime import timedelta
from enum import Enum, auto
from typing import cast as typed

from sqlalchemy import Table, bindparam, cast, null, select, update
from sqlalchemy.orm import Session

from auth.models import Client, DeviceRequest
from auth.queries.sso import application
from auth.schemas.sso import DeviceCodes, SsoAction
from auth.services.tokens import (
    TOKEN,
    Granted,
    grant,
    granting,
    held,
)
from auth.services.usage import counting
from core import clock
from core.access import Actor, require
from core.crypto import blind_index, token_hash
from core.errors import Conflict, Invalid
from core.messages import N_

# No vowels, so that no word comes out, and nothing that is taken for a digit (RFC 8628, 6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LETTERS = 8
LIFETIME = timedelta(minutes=10)
INTERVAL_SECONDS = 5
SLOWER_BY_SECONDS = 5
DEVICE = typed(Table, DeviceRequest.__table__)
HELD = held(
    select(DEVICE.c.id.label("grant_id")).where(
        DEVICE.c.device_code_hash == bindparam("shown_hash")
    ),
    DEVICE.c.session_id,
)
WON = (
    update(DEVICE)
    .where(
        DEVICE.c.id == HELD.c.grant_id,
        DEVICE.c.client_id == bindparam("for_client"),
        DEVICE.c.approved_at.is_not(None),
        DEVICE.c.redeemed_at.is_(None),
        DEVICE.c.expires_at > bindparam("now"),
    )
    .values(redeemed_at=bindparam("now"))
    .returning(
        DEVICE.c.scope,
        null().label("nonce"),
        cast(null(), TOKEN.c.claims.type).label("claims"),
        *HELD.c,
    )
    .cte("won")
)
REDEEM = granting(WON, counting(WON))


class Waiting(Enum):
    """Why a device gets no token now."""

    PENDING = auto()
    TOO_FAST = auto()
    DECLINED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


def begin_device(session: Session, client_id: str, scope: str) -> DeviceCodes:
    """Begin to wait for somebody; the codes are kept as digests only."""
    device_code = secrets.token_urlsafe(32)
    user_code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
    session.add(
        DeviceRequest(
            device_code_hash=token_hash(device_code),
            user_code_index=_index(user_code),
            client_id=client_id,
            scope=scope,
            interval=INTERVAL_SECONDS,
            expires_at=clock.now() + LIFETIME,
        )
    )
    return DeviceCodes(
        device_code=device_code,
        user_code=f"{user_code[:4]}-{user_code[4:]}",
        expires_in=int(LIFETIME.total_seconds()),
        interval=INTERVAL_SECONDS,
    )


def get_waiting_device(session: Session, user_code: str) -> tuple[DeviceRequest, Client]:
    """The device that shows this code and waits. Raises Invalid ``wrong_device_code``."""
    query = (
        select(DeviceRequest, Client)
        .join(Client, Client.client_id == DeviceRequest.client_id)
        .where(
            DeviceRequest.user_code_index == _index(user_code),
            DeviceRequest.approved_at.is_(None),
            DeviceRequest.declined_at.is_(None),
            DeviceRequest.expires_at > clock.now(),
        )
    )
    row = session.execute(query).first()
    if row is None:
        sentence = N_("这个代码不对或已失效。请核对设备上显示的代码，或让设备重新显示一个。")
        raise Invalid("wrong_device_code", sentence, fields={"user_code": sentence})
    return row[0], row[1]


def let_device_in(session: Session, actor: Actor, user_code: str) -> Client:
    """The actor lets the waiting device sign in as them. Raises Invalid or Conflict."""
    device, client = get_waiting_device(session, user_code)
    require(session, actor, SsoAction.SIGN_IN, application(client.client_id, actor))
    _decide(session, device, approved_at=clock.now(), session_id=actor.session_id)
    return client


def turn_device_away(session: Session, user_code: str) -> None:
    """Whoever knows the code does not want the device to sign in. Raises Invalid or Conflict."""
    device, _ = get_waiting_device(session, user_code)
    _decide(session, device, declined_at=clock.now())


def redeem_device_code(session: Session, device_code: str, client_id: str) -> Granted | Waiting:
    """The device's tokens, once; or why there are none. A device that asks before its interval is
    over has to wait longer from then on (RFC 8628, 3.5).
    """
    digest = token_hash(device_code)
    granted = grant(session, REDEEM, client_id, shown_hash=digest)
    if granted is not None:
        return granted
    query = (
        select(DeviceRequest)
        .where(DeviceRequest.device_code_hash == digest, DeviceRequest.client_id == client_id)
        .with_for_update()
    )
    device = session.scalar(query)
    return _why_not(device) if device else Waiting.UNKNOWN


def _why_not(device: DeviceRequest) -> Waiting:
    now = clock.now()
    if device.redeemed_at is not None:
        return Waiting.UNKNOWN
    if device.declined_at is not None:
        return Waiting.DECLINED
    if device.expires_at <= now:
        return Waiting.EXPIRED
    too_fast = device.polled_at is not None and now - device.polled_at < timedelta(
        seconds=device.interval
    )
    device.polled_at = now
    if too_fast:
        device.interval += SLOWER_BY_SECONDS
        return Waiting.TOO_FAST
    return Waiting.PENDING


def _decide(session: Session, device: DeviceRequest, **decision: object) -> None:
    """Of two who decide at once one does. Raises Conflict ``device_decided`` to the other."""
    decided = session.execute(
        update(DeviceRequest)
        .where(
            DeviceRequest.id == device.id,
            DeviceRequest.approved_at.is_(None),
            DeviceRequest.declined_at.is_(None),
        )
        .values(**decision)
        .returning(DeviceRequest.id)
    ).first()
    if decided is None:
        raise Conflict(
            "device_decided", N_("刚才已有人为这台设备作了决定，您的没有生效。请看设备屏幕。")
        )


def _index(user_code: str) -> bytes:
    """The digest of a code however it was typed."""
    letters = "".join(letter for letter in user_code.upper() if letter in LETTERS)
    return blind_index(letters, "device")
