"""A small OpenID provider in the portal's place, which can be told to misbehave."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET, SUBJECT = "clinic-demo", "clinic-secret", "pairwise-1"


@dataclass
class Provider:
    """One signed-in person; ``claims`` and ``answer`` override what is right."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str | None] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    signing_key: ECKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    logouts: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> Flask:
        """The provider as an application; set ``issuer`` once it is served."""
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.metadata)
        app.add_url_rule("/jwks", view_func=self.jwks)
        app.add_url_rule("/authorize", view_func=self.authorize)
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self.person)
        app.add_url_rule("/end-session", view_func=self.end_session)
        return app

    def metadata(self) -> Response:
        """GET /.well-known/openid-configuration"""
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end-session",
            "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return jsonify(found | self.discovery)

    def jwks(self) -> Response:
        """GET /jwks"""
        return jsonify(keys=[self.key.as_dict(private=False)])

    def authorize(self) -> ResponseReturnValue:
        """GET /authorize: the person agrees at once, unless ``answer`` says otherwise."""
        asked = request.args.to_dict()
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        right = {"code": code, "state": asked["state"], "iss": self.issuer}
        query = {k: v for k, v in (right | self.answer).items() if v is not None}
        return redirect(f"{asked['redirect_uri']}?{urlencode(query)}")

    def token(self) -> ResponseReturnValue:
        """POST /token: checks the client, the code, the redirect URI and PKCE."""
        asked = self.codes.pop(request.form["code"])
        verifier = request.form["code_verifier"]
        digest = hashlib.sha256(verifier.encode()).digest()
        given = request.authorization
        right = (
            given is not None
            and (given.username, given.password) == (CLIENT, SECRET)
            and asked["redirect_uri"] == request.form["redirect_uri"]
            and asked["code_challenge_method"] == "S256"
            and base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        )
        if not right:
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": SUBJECT,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.claims
        id_token = jwt.encode({"alg": "ES256", "kid": "1"}, claims, self.signing_key or self.key)
        return jsonify(
            access_token="access-1", token_type="Bearer", expires_in=300, id_token=id_token
        )

    def person(self) -> Response:
        """GET /userinfo"""
        assert request.headers["Authorization"] == "Bearer access-1"
        return jsonify({"sub": SUBJECT, "name": "示例甲"} | self.userinfo)

    def end_session(self) -> ResponseReturnValue:
        """GET /end-session"""
        asked = request.args.to_dict()
        self.logouts.append(asked)
        return redirect(f"{asked['post_logout_redirect_uri']}?state={asked['state']}")
