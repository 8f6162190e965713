"""OpenID Connect RP-Initiated Logout 1.0: who asks, whether it is sure, and where to go then."""

from dataclasses import dataclass

from authlib.common.urls import add_params_to_uri
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from auth.claims import session_reference
from auth.oidc.provider import issuer
from auth.queries.sso import Registered, find_client
from auth.services.signing import read_own_token
from core.access import Actor


@dataclass(frozen=True, slots=True)
class SignOutWish:
    """An application's wish. ``sid`` is the session in its ID token, None without a valid one;
    ``target`` is a registered address of the application.
    """

    client: Registered | None = None
    sid: str | None = None
    target: str | None = None

    def is_of(self, actor: Actor) -> bool:
        """Whether the ID token is from the actor's present session: nobody need be asked then."""
        if self.client is None or self.sid is None or actor.session_id is None:
            return False
        return self.sid == session_reference(self.client.client_id, actor.session_id)


def read_wish(session: Session, given: MultiDict[str, str]) -> SignOutWish:
    """Whatever does not fit together counts as not given; the person is asked then."""
    named, hint = given.get("client_id"), None
    if token := given.get("id_token_hint"):
        hint = read_own_token(session, token)
        if hint is None or hint.get("iss") != issuer() or named not in (None, hint.get("aud")):
            return SignOutWish()
    client_id = named or (hint or {}).get("aud", "")
    client = find_client(session, client_id) if str(client_id).isprintable() else None
    if client is None:
        return SignOutWish()
    target = given.get("post_logout_redirect_uri")
    if target not in client.post_logout_redirect_uris:
        target = None
    elif state := given.get("state"):
        target = add_params_to_uri(target, {"state": state})
    return SignOutWish(client, hint["sid"] if hint else None, target)
