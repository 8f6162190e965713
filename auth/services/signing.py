"""The keys that ID tokens are signed with: made on first use, the private part encrypted."""

import json
from typing import Any, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import SigningKey
from auth.schemas.sso import SigningAlgorithm
from core import clock

RSA_BITS = 2048
Key: TypeAlias = ECKey | RSAKey


def signing_key(session: Session, algorithm: SigningAlgorithm) -> Key:
    """The private key, made now if there is none; of two made at once one is kept."""
    query = select(SigningKey.private_key).where(SigningKey.algorithm == algorithm)
    stored = session.scalar(query)
    if stored is None:
        _make(session, algorithm)
        stored = session.scalars(query).one()
    return _key_type(algorithm).import_key(json.loads(stored))


def public_keys(session: Session) -> dict[str, Any]:
    """The JSON Web Key Set that applications verify with."""
    signing_key(session, SigningAlgorithm.ES256)
    rows = session.scalars(select(SigningKey.public_key).order_by(SigningKey.algorithm))
    return {"keys": list(rows)}


def read_own_token(session: Session, token: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed, expired or not; None for anything else."""
    keys = KeySet.import_key_set(public_keys(session))  # type: ignore[arg-type]
    try:
        return dict(jwt.decode(token, keys, algorithms=list(SigningAlgorithm)).claims)
    except (JoseError, ValueError):
        return None


def _make(session: Session, algorithm: SigningAlgorithm) -> None:
    parameters: Any = {"use": "sig", "alg": algorithm.value}
    key: Key = (
        ECKey.generate_key("P-256", parameters, auto_kid=True)
        if algorithm is SigningAlgorithm.ES256
        else RSAKey.generate_key(RSA_BITS, parameters, auto_kid=True)
    )
    row = insert(SigningKey).values(
        kid=key.kid,
        algorithm=algorithm,
        private_key=json.dumps(key.as_dict(private=True)),
        public_key=key.as_dict(private=False),
        created_at=clock.now(),
    )
    session.execute(row.on_conflict_do_nothing())


def _key_type(algorithm: SigningAlgorithm) -> type[Key]:
    return ECKey if algorithm is SigningAlgorithm.ES256 else RSAKey
