"""From a first proof to a session: what is still missing, one more proof, and what it opens."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth import passwords
from auth.assurance import assurance_of
from auth.claims import Assurance, Method
from auth.models import Account, PendingSignIn, SignInSession
from auth.queries.factors import Candidate, find_pending, knows_device, standing_of
from auth.schemas import ChallengeSent, Pending, Proof, Purpose, SignedIn, Step
from auth.services import codes, factors, limits, passkeys
from auth.services.sign_in import SIGN_IN, Origin, failed, note, open_session
from core import clock
from core.crypto import token_hash
from core.errors import Conflict, Invalid, SignInRequired
from core.ids import new_id
from core.messages import N_

PENDING_LIFETIME = timedelta(minutes=15)
STEP_UP = "auth:step-up"
PROOFS_PER_ACCOUNT = 10
PROOFS_WITHIN = timedelta(minutes=15)


def begin(
    session: Session,
    account: Account,
    methods: Sequence[Method],
    origin: Origin,
    assurance: Assurance | None = None,
) -> SignedIn | Pending:
    """Open a session for an account that was proved by ``methods``, or keep the sign-in until what
    is missing is proved too. ``assurance`` is what a provider elsewhere vouches for.
    """
    step = standing_of(session, account.id).step(methods)
    vouched = assurance is not None and assurance >= Assurance.TWO_FACTORS
    if step is None or (vouched and step is not Step.NEW_PASSWORD):
        return open_session(session, account, methods, origin, assurance or assurance_of(methods))
    token = secrets.token_urlsafe(32)
    now = clock.now()
    pending = PendingSignIn(
        id=new_id(),
        token_hash=token_hash(token),
        account_id=account.id,
        methods=list(methods),
        created_at=now,
        expires_at=now + PENDING_LIFETIME,
    )
    session.add(pending)
    return _pending(session, token, account, methods, pending)


def get_candidate(session: Session, token: str) -> Candidate:
    """The sign-in on its way. Raises SignInRequired where it ended or took too long."""
    candidate = find_pending(session, token)
    if candidate is None:
        raise SignInRequired("sign_in_expired", N_("登录没有完成，请重新登录。"))
    return candidate


def send_code(
    session: Session, candidate: Candidate, origin: Origin
) -> tuple[ChallengeSent, str, str]:
    """A code to the account's own phone: (challenge, phone, code), to be sent after the commit.

    Raises Conflict where the account has no phone, TooMany.
    """
    account = session.get_one(Account, candidate.account_id)
    if account.phone is None:
        raise Conflict("no_phone", N_("这个账号没有登记手机号，请换一种方式。"))
    sent, code = codes.make(session, account.phone, Purpose.PROOF, origin, account.id)
    return sent, account.phone, code


def count_proof(session: Session, candidate: Candidate, proof: Proof, origin: Origin) -> None:
    """Count a try before it is checked; in a transaction of its own. Raises TooMany, or Invalid
    ``wrong_code`` for a code that was tried too often.
    """
    limits.count_try(
        session, "proof", _prover(session, candidate, origin), PROOFS_PER_ACCOUNT, PROOFS_WITHIN
    )
    if proof.challenge_id and not codes.count_try(session, proof.challenge_id):
        raise codes.wrong_code()


def prove(session: Session, candidate: Candidate, proof: Proof, origin: Origin) -> Method:
    """Check one more proof. Raises Invalid, whichever is wrong with it."""
    method = Method(proof.method)
    action = SIGN_IN if candidate.session_id is None else STEP_UP
    try:
        right = method in candidate.offers and _holds(session, candidate, method, proof, origin)
    except Invalid as wrong:
        raise failed(wrong, candidate.account_id, origin, action) from None
    if not right:
        raise failed(_wrong(method), candidate.account_id, origin, action)
    limits.forgive(session, "proof", _prover(session, candidate, origin))
    return method


def advance(
    session: Session, candidate: Candidate, token: str, method: Method, origin: Origin
) -> SignedIn | Pending:
    """What the candidate has with one more ``method``: a session (or a better one) or a further
    step. ``token`` names the sign-in on its way.
    """
    if candidate.session_id is not None:
        return renew(session, candidate, method, origin)
    methods = [*candidate.methods, method]
    live = (PendingSignIn.id == candidate.pending_id, PendingSignIn.ended_at.is_(None))
    pending = session.scalars(
        update(PendingSignIn)
        .where(*live, PendingSignIn.methods == list(candidate.methods))
        .values(methods=methods)
        .returning(PendingSignIn)
    ).one_or_none()
    if pending is None:
        raise SignInRequired()
    account = session.get_one(Account, candidate.account_id)
    if standing_of(session, account.id).step(methods) is not None:
        return _pending(session, token, account, methods, pending)
    return finish(session, replace(candidate, methods=tuple(methods)), origin)


def finish(session: Session, candidate: Candidate, origin: Origin) -> SignedIn:
    """Open the session of a sign-in that waits for nothing any more; it opens one only.

    Raises SignInRequired for one that still waits or has ended.
    """
    account = session.get_one(Account, candidate.account_id)
    ended = session.execute(
        update(PendingSignIn)
        .where(PendingSignIn.id == candidate.pending_id, PendingSignIn.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(PendingSignIn.id)
    ).first()
    if ended is None or standing_of(session, account.id).step(candidate.methods) is not None:
        raise SignInRequired()
    methods = candidate.methods
    return open_session(session, account, methods, origin, assurance_of(methods))


def renew(session: Session, candidate: Candidate, method: Method, origin: Origin) -> SignedIn:
    """The session with a newer proof, under a new token: the old one opens nothing any more."""
    record = session.get_one(SignInSession, candidate.session_id, with_for_update=True)
    methods = list(dict.fromkeys([*record.methods, method]))
    proved = assurance_of(Method(name) for name in methods)
    token = secrets.token_urlsafe(32)
    record.methods = methods
    record.assurance = max(record.assurance, proved)
    record.authenticated_at = clock.now()
    record.token_hash = token_hash(token)
    note(session, candidate.account_id, STEP_UP, origin)
    return SignedIn(account_id=candidate.account_id, token=token, expires_at=record.expires_at)


def _pending(
    session: Session,
    token: str,
    account: Account,
    methods: Sequence[Method],
    pending: PendingSignIn,
) -> Pending:
    standing = standing_of(session, account.id)
    step = standing.step(methods)
    if step is None:
        raise ValueError("a sign-in that waits for nothing is not pending")
    offers = standing.offers(methods) if step is Step.SECOND_FACTOR else ()
    return Pending(token=token, step=step, methods=list(offers), expires_at=pending.expires_at)


def _holds(
    session: Session, candidate: Candidate, method: Method, proof: Proof, origin: Origin
) -> bool:
    account_id, code = candidate.account_id, proof.code or ""
    match method:
        case Method.SMS if proof.challenge_id:
            codes.redeem(session, proof.challenge_id, code, Purpose.PROOF, origin, account_id)
            return True
        case Method.ONE_TIME_CODE:
            return factors.use_totp(session, account_id, code)
        case Method.RECOVERY_CODE:
            return factors.use_recovery_code(session, account_id, code)
        case Method.PASSWORD:
            account = session.get_one(Account, account_id)
            return passwords.matches(account.password_hash, code)
        case Method.PASSKEY:
            return passkeys.prove(session, proof.credential or "", account_id) == account_id
        case _:
            return False


def _wrong(method: Method) -> Invalid:
    if method is Method.PASSKEY:
        return Invalid("wrong_proof", N_("通行密钥没有通过，请再试一次或换一种方式。"))
    sentence = N_("没有通过，请核对后再试，或换一种方式。")
    return Invalid("wrong_proof", sentence, fields={"code": sentence})


def _prover(session: Session, candidate: Candidate, origin: Origin) -> str:
    """Whose proofs are counted: a browser that signed in before has a count of its own."""
    account = str(candidate.account_id)
    known = knows_device(session, candidate.account_id, origin.device)
    return f"{account} {origin.device}" if known else account
