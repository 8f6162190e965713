"""Which addresses an application may register."""

import pytest
from pydantic import ValidationError

from auth.schemas import RegisterClient


def register(*addresses: str, **more: object) -> RegisterClient:
    given = {"name": "Clinic", "redirect_uris": list(addresses), **more}
    return RegisterClient.model_validate(given)


@pytest.mark.parametrize(
    "address",
    [
        "https://clinic.example/callback",
        "https://clinic.example:8443/callback?tenant=1",
        "http://127.0.0.1:8001/clinic/callback",
        "http://localhost/cb",
    ],
)
def test_exact_addresses_are_accepted(address: str) -> None:
    assert register(address).redirect_uris == [address]


@pytest.mark.parametrize(
    "address",
    [
        "http://clinic.example/callback",
        "https://clinic.example/callback#part",
        "https://clinic.example/#",
        "https://user@clinic.example/",
        "https://clinic.example\\@evil.example/",
        "https://clinic.example/a b",
        "https://clinic.example/\x00",
        "https://诊所.example/",
        "https://[/",
        "https:///callback",
        "/callback",
        "javascript:alert(1)",
        "myapp://callback",
        "",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        register(address)
    with pytest.raises(ValidationError):
        register("https://clinic.example/", post_logout_redirect_uris=[address])


def test_one_application_is_on_one_host() -> None:
    register("https://a.example/1", "https://a.example:444/2")
    with pytest.raises(ValidationError, match="one host"):
        register("https://a.example/", "https://b.example/")
    with pytest.raises(ValidationError):
        register()


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValidationError):
        register("https://a.example/", secret="x" * 31)
