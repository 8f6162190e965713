"""What nobody sends to the endpoints of OAuth is refused there, and never a crash."""

import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.services import limits
from tests.factories.sso import REDIRECT_URI, RelyingParty

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["", "acr", "x"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["id_token", "userinfo", "acr", "sub", "values", "value",
                                       "essential"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ODD = st.sampled_from(["", "x", "\x00", "-1", "9" * 12, "login none", "\ud7ff", "a.b.c", "%", "[]"])
KNOWN = [
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "prompt", "max_age", "acr_values", "login_hint", "ui_locales",
    "id_token_hint", "response_mode", "request", "request_uri", "registration", "claims_locales",
]  # fmt: skip
ENDPOINTS = {
    "/oauth/token": ["grant_type", "code", "code_verifier", "refresh_token", "device_code"],
    "/oauth/device": ["scope"],
    "/oauth/introspect": ["token", "token_type_hint"],
    "/oauth/revoke": ["token", "token_type_hint"],
}
CREDENTIALS = ["client_id", "client_secret", "client_assertion", "client_assertion_type"]
GRANTS = ["authorization_code", "refresh_token", "client_credentials",
          "urn:ietf:params:oauth:grant-type:device_code"]  # fmt: skip


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_parameter_crashes_an_endpoint(
    browser: FlaskClient, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    monkeypatch.setattr(limits, "count_requests", lambda *_: 0)
    changes: dict[str, str | None] = data.draw(
        st.dictionaries(st.sampled_from(KNOWN), ODD, max_size=2)
    )
    if data.draw(st.booleans()):
        changes["claims"] = json.dumps({"id_token": data.draw(JSON), "userinfo": data.draw(JSON)})
    address = RelyingParty().address(**changes)
    caller = data.draw(st.sampled_from([browser, client]))
    assert caller.get(address).status_code < 500
    query = address.partition("?")[2]
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert client.post("/oauth/par", data=query, **form).status_code < 500
    path = data.draw(st.sampled_from(sorted(ENDPOINTS)))
    body = data.draw(st.dictionaries(st.sampled_from([*ENDPOINTS[path], *CREDENTIALS]), ODD))
    body |= {"client_id": "clinic", "redirect_uri": REDIRECT_URI} | body
    if "grant_type" in body:
        body["grant_type"] = data.draw(st.sampled_from(GRANTS))
    assert client.post(path, data=body).status_code < 500
    out = urlencode({"id_token_hint": data.draw(ODD), "post_logout_redirect_uri": data.draw(ODD)})
    assert caller.get(f"/oauth/end-session?{out}").status_code < 500
