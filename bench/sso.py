"""Single sign-on over HTTP: the code flow of somebody who is signed in, userinfo, and signing in by
password; beside npm oidc-provider (one process, memory adapter) and beside argon2id alone.

Wanted: 0.7 of oidc-provider's flows, 0.9 of its userinfo, 0.7 of what argon2id leaves possible.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from bench import clients, server
from core import database
from core.ids import new_id
from portal import embedded
from portal.factory import ROOT

CONNECTIONS = 16
ROUNDS = 3
FLOWS, READS, SIGN_INS = 600, 2000, 200
NAMES = 50
PASSWORD = "correct horse battery"
CLIENT_ID = "bench"
CALLBACK = "https://clinic.example/callback"
VERIFIER = "v" * 64
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PEERS = ROOT / "tests" / "contracts" / "peers"
START_SECONDS = 20
CEILING_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Provider:
    """A running provider: where it answers, and a browser's cookies there."""

    port: int
    authorize: str
    token: str
    userinfo: str
    cookie: str

    def flows(self, count: int) -> float:
        """Code flows a second."""
        ask = clients.message("GET", f"{self.authorize}?{_request()}", {"Cookie": self.cookie})
        then = ("POST", self.token, json.dumps(FORM), _redemption("CODE"))
        outcome = clients.run(self.port, CONNECTIONS, [ask] * count, then)
        _expect(outcome, "200", count)
        return count / outcome.seconds

    def reads(self, access_token: str, count: int) -> float:
        """Answers of userinfo a second."""
        headers = {"Authorization": f"Bearer {access_token}"}
        ask = clients.message("GET", self.userinfo, headers)
        outcome = clients.run(self.port, CONNECTIONS, [ask] * count)
        _expect(outcome, "200", count)
        return count / outcome.seconds

    def access_token(self) -> str:
        """A token for userinfo."""
        base = f"http://127.0.0.1:{self.port}"
        asked = requests.get(
            f"{base}{self.authorize}?{_request()}",
            headers={"Cookie": self.cookie},
            allow_redirects=False,
        )
        code = re.findall(r"code=([\w-]+)", asked.headers["Location"])[0]
        answer = requests.post(f"{base}{self.token}", data=_redemption(code), headers=FORM)
        return str(answer.json()["access_token"])


def main() -> float:
    """The share of oidc-provider's flows."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        server.configure(Path(scratch))
        # People come from many addresses: the limit by address is not what is measured.
        os.environ["TRUSTED_PROXIES"] = "1"
        return measure(_world(Path(scratch)))


def measure(url: str) -> float:
    """Portal and peer in turn, so that whatever else the machine does weighs on both."""
    with server.serving("wsgi:app", url) as port, peer_port() as peer:
        ours = Provider(port, "/oauth/authorize", "/oauth/token", "/oauth/userinfo", _cookie(port))
        theirs = Provider(peer, "/auth", "/token", "/me", _peer_cookie(peer))
        flow = _compared("flows", ours.flows, theirs.flows, FLOWS)
        token, peer_token = ours.access_token(), theirs.access_token()
        _compared(
            "userinfo", lambda n: ours.reads(token, n), lambda n: theirs.reads(peer_token, n), READS
        )
        _compared("passwords", lambda n: _sign_ins(port, n), lambda _: _ceiling(), SIGN_INS)
    return flow


def _compared(
    what: str, ours: Callable[[int], float], floor: Callable[[int], float], count: int
) -> float:
    rates: list[tuple[float, float]] = []
    ours(count // 4)
    floor(count // 4)
    for _ in range(ROUNDS):
        rates.append((ours(count), floor(count)))
        print(f"{what:10} {rates[-1][0]:7.0f}/s  against {rates[-1][1]:7.0f}/s", flush=True)
    ratio = median(rate for rate, _ in rates) / median(rate for _, rate in rates)
    print(f"{what:10} {ratio:.2f}", flush=True)
    return ratio


def _sign_ins(port: int, count: int) -> float:
    """Sign-ins by password a second."""
    base = f"http://127.0.0.1:{port}"
    with requests.Session() as browser:
        page = browser.get(f"{base}/auth/sign-in?who=staff").text
        found = re.findall(r'name="csrf_token" value="([^"]+)"', page)
        cookie = "; ".join(f"{kept.name}={kept.value}" for kept in browser.cookies)
    sent = [
        clients.message(
            "POST",
            "/auth/password",
            FORM | {"Cookie": cookie, "X-Forwarded-For": f"203.0.113.{k % 250}"},
            urlencode({"username": _name(k % NAMES), "password": PASSWORD, "csrf_token": found[0]}),
        )
        for k in range(count)
    ]
    outcome = clients.run(port, CONNECTIONS, sent)
    _expect(outcome, "302", count)
    return count / outcome.seconds


def _ceiling() -> float:
    """Verifications of one argon2id hash a second, on all cores and with nothing else to do."""
    from auth import passwords

    stored, hasher = passwords.hash_password(PASSWORD), PasswordHasher()
    until = time.perf_counter() + CEILING_SECONDS

    def verify(_: int) -> int:
        done = 0
        while time.perf_counter() < until:
            hasher.verify(stored, PASSWORD)
            done += 1
        return done

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(verify, range(cores))) / CEILING_SECONDS


def _expect(outcome: clients.Outcome, status: str, count: int) -> None:
    if outcome.statuses.get(status) != count:
        raise RuntimeError(f"answered {outcome.statuses}")


# The portal's side


def _world(scratch: Path) -> str:
    """A migrated database with people who sign in by password, and an application."""
    url = embedded.start(scratch, "bench")
    engine = database.make_engine(url, 2)
    with engine.begin() as connection:
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with Session(engine) as session, session.begin():
        _fill(session)
    engine.dispose()
    return url


def _fill(session: Session) -> None:
    from auth import passwords
    from auth.models import Account, Consent
    from auth.schemas import RegisterClient
    from auth.services.clients import create_client

    stored = passwords.hash_password(PASSWORD)
    registered = RegisterClient(
        client_id=CLIENT_ID, name="Bench", redirect_uris=[CALLBACK], public=True
    )
    create_client(session, registered)
    for number in range(NAMES):
        account = Account(
            id=new_id(),
            username=_name(number),
            display_name=_name(number),
            password_hash=stored,
        )
        session.add(account)
        session.flush()
        for scope in ("openid", "profile"):
            session.add(Consent(account_id=account.id, client_id=CLIENT_ID, scope=scope))


def _name(number: int) -> str:
    return f"person-{number}"


def _cookie(port: int) -> str:
    """The cookies of a browser that signed in at the portal."""
    base = f"http://127.0.0.1:{port}"
    with requests.Session() as browser:
        page = browser.get(f"{base}/auth/sign-in?who=staff").text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        form = {"username": _name(0), "password": PASSWORD, "csrf_token": token}
        browser.post(f"{base}/auth/password", data=form, allow_redirects=False)
        return "; ".join(f"{kept.name}={kept.value}" for kept in browser.cookies)


# The peer's side


@contextmanager
def peer_port() -> Iterator[int]:
    """Run oidc-provider while the block runs."""
    port = server.free_port()
    arguments = ["node", "measured_provider.mjs", str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=PEERS, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("oidc-provider did not start: python -m tests.peers installs it")
            yield port
        finally:
            process.terminate()


def _peer_cookie(port: int) -> str:
    """The cookies of a browser that signed in and agreed at the peer."""
    address = f"http://127.0.0.1:{port}/auth?{_request()}"
    with closing(requests.Session()) as browser:
        while not address.startswith(CALLBACK):
            answer = browser.get(address, allow_redirects=False)
            address = urljoin(address, answer.headers["Location"])
        return "; ".join(f"{kept.name}={kept.value}" for kept in browser.cookies)


def _request() -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    given: dict[str, Any] = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": "state",
        "nonce": "nonce",
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return urlencode(given)


def _redemption(code: str) -> str:
    given = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return urlencode(given)
