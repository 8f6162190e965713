"""Calls outward go where their name led when it was checked, and nowhere inside."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3.exceptions import InsecureRequestWarning

from core.outgoing import Answer, OutOfReach, Reach, Silent, TooLong, ask, places, session_to
from tests.factories.dripping import BODY, HEADERS, NOTHING, dripping

HOST = "his.example"
PUBLIC, INSIDE = "93.184.216.34", "127.0.0.1"


class Resolver:
    """Answers each question with the next of its answers, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        family = socket.AF_INET6 if ":" in answer else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 0, "", (answer, port))]


@pytest.mark.parametrize(
    ("resolved", "furthest"),
    [
        (PUBLIC, Reach.OPEN),
        ("2606:2800:220:1::1", Reach.OPEN),
        ("10.0.0.5", Reach.NETWORKS),
        ("192.168.1.1", Reach.NETWORKS),
        ("100.64.0.1", Reach.NETWORKS),
        ("fd00::1", Reach.NETWORKS),
        ("::ffff:10.0.0.1", Reach.NETWORKS),
        ("64:ff9b::a00:1", Reach.NETWORKS),
        ("169.254.169.254", Reach.ANYWHERE),
        ("fe80::1%eth0", Reach.ANYWHERE),
        (INSIDE, Reach.ANYWHERE),
        ("0.0.0.0", Reach.ANYWHERE),
        ("224.0.0.1", Reach.ANYWHERE),
        ("::1", Reach.ANYWHERE),
        ("::ffff:127.0.0.1", Reach.ANYWHERE),
        ("64:ff9b::7f00:1", Reach.ANYWHERE),
        ("2002:7f00:1::", Reach.ANYWHERE),
    ],
)
def test_how_far_a_call_goes(
    monkeypatch: pytest.MonkeyPatch, resolved: str, furthest: Reach
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(resolved))
    order = [Reach.OPEN, Reach.NETWORKS, Reach.ANYWHERE]
    for reach in order:
        if order.index(reach) >= order.index(furthest):
            assert [place.address[0] for place in places(HOST, 443, reach)] == [resolved]
        else:
            with pytest.raises(OutOfReach):
                places(HOST, 443, reach)


@pytest.mark.parametrize("reach", [Reach.OPEN, Reach.NETWORKS])
def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, reach: Reach
) -> None:
    reached: list[str] = []

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    resolver = Resolver(PUBLIC, INSIDE)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with session_to(reach) as session:
        with pytest.raises(requests.ConnectionError):
            session.post(f"https://{HOST}/hook", timeout=1)
        assert (reached, resolver.asked) == ([PUBLIC], 1)
        with pytest.raises(OutOfReach):
            session.post(f"https://{HOST}/hook", timeout=1)
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.post(f"http://{HOST}/hook", timeout=1)
    assert reached == [PUBLIC]


def test_a_name_that_leads_nowhere_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with session_to(Reach.OPEN) as session, pytest.raises(requests.ConnectionError):
        session.get(f"https://{HOST}/", timeout=1)


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
def test_what_is_no_name_leads_nowhere_too(host: str) -> None:
    with pytest.raises(Silent):
        ask("GET", f"https://{host}/", Reach.OPEN, patience=1, timeout=1)


@pytest.mark.parametrize("address", ["https://[bad/", "ftp://his.example/", "http:///x"])
def test_what_is_no_address_is_not_called(address: str) -> None:
    with pytest.raises(OutOfReach):
        ask("GET", address, Reach.OPEN, patience=1, timeout=1)


@pytest.mark.parametrize(
    ("after", "scheme", "largest"),
    [
        (HEADERS, "http", 100),
        (BODY, "http", 100),
        (HEADERS, "http", None),
        # A record of TLS that announces more than ever comes.
        (b"\x16\x03\x03\x40\x00", "https", None),
        (NOTHING, "https", None),
    ],
    ids=["headers", "body", "headers alone", "handshake", "no handshake"],
)
@pytest.mark.parametrize("by_proxy", [False, True])
def test_one_deadline_stands_over_the_whole_exchange(
    monkeypatch: pytest.MonkeyPatch, after: bytes, scheme: str, largest: int | None, by_proxy: bool
) -> None:
    with dripping(after) as port:
        if by_proxy:
            for name in ("http_proxy", "https_proxy"):
                monkeypatch.setenv(name, f"http://{INSIDE}:{port}")
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
        address = f"{scheme}://{HOST if by_proxy else INSIDE}:{port}/"
        began = time.monotonic()
        with pytest.raises(Silent):
            ask("GET", address, Reach.ANYWHERE, patience=0.6, timeout=5, largest=largest,
                by_proxy=by_proxy)  # fmt: skip
        assert time.monotonic() - began < 2


def test_an_answer_is_read_as_far_as_it_may_go(server: "Server") -> None:
    asked: Any = {"patience": 5, "timeout": 5, "verify": False}
    with pytest.warns(InsecureRequestWarning):
        answer = ask("GET", f"https://{INSIDE}:{server.port}/", Reach.ANYWHERE, largest=9, **asked)
    assert answer == Answer(204, b"")


def test_an_answer_that_is_too_long_is_left_unread() -> None:
    with dripping(BODY + b"a" * 100) as port, pytest.raises(TooLong):
        ask("GET", f"http://{INSIDE}:{port}/", Reach.ANYWHERE, patience=5, timeout=5, largest=9)


class Server(NamedTuple):
    """A TLS server of ``HOST`` on this machine, and what it was asked for."""

    port: int
    certificate: Path
    names: list[str | None]
    heads: list[bytes]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = tmp_path / "certificate.pem"
    file.write_bytes(certificate.public_bytes(pem))
    private = tmp_path / "key.pem"
    form, locked = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, form, locked))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    names: list[str | None] = []
    heads: list[bytes] = []
    context.sni_callback = lambda _, asked, __: names.append(asked)
    with socket.create_server((INSIDE, 0)) as listening:
        listening.settimeout(5)

        def answer() -> None:
            with listening.accept()[0] as raw, context.wrap_socket(raw, server_side=True) as one:
                heads.append(one.recv(4096))
                one.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Server(listening.getsockname()[1], file, names, heads)
        thread.join()


def test_the_name_stays_what_tls_and_the_request_ask_for(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(INSIDE))
    with session_to(Reach.ANYWHERE) as session:
        address = f"https://{HOST}:{server.port}/hook"
        answer = session.get(address, timeout=5, verify=str(server.certificate))
    assert answer.status_code == 204
    assert server.names == [HOST]
    assert f"Host: {HOST}:{server.port}".encode() in server.heads[0]
