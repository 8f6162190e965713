"""What stands beside the demo's portal, made known to it by its own commands: another application,
another sign-in, a hospital's system.
"""

import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

from apiflask import APIFlask
from flask.cli import ScriptInfo

from regions.public import load_region

HOSPITAL_CLIENT = "hospital-demo"
SECOND_APPLICATION = "检查预约小站（示例）"
PROVIDER = "政务服务账号（示例）"
HOSPITAL_SYSTEM = "医院挂号系统（示例）"


def introduce(app: APIFlask, region: str, standins: str, hospital: str | None) -> None:
    """Make all of them known, or bring what is known up to date. ``hospital`` is the institution
    that has a system of its own, if any.
    """
    # The terminal is for whoever starts the portal, and no place for a hospital's secret.
    with redirect_stdout(StringIO()):
        for arguments in _commands(standins, load_region(region).code, hospital):
            app.cli.main(arguments, obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)


def _commands(standins: str, city: str, hospital: str | None) -> Iterator[list[str]]:
    yield _second_application(f"{standins}/clinic", city)
    yield _provider(f"{standins}/upstream")
    if hospital:
        yield from _hospital(f"{standins}/hospital", hospital)


def _second_application(clinic: str, unit: str) -> list[str]:
    """Another vendor's application, shown to all of ``unit``: one sign-on for two."""
    return [
        "oidc", "client", "create", "--exist-ok",
        "--client-id", "clinic-demo", "--public", "--name", SECOND_APPLICATION,
        "--redirect-uri", f"{clinic}/callback",
        "--post-logout-redirect-uri", f"{clinic}/signed-out",
        "--unit", unit, "--launch-url", f"{clinic}/", "--icon", "microscope",
        "--audience", "resident", "--audience", "leader", "--audience", "member",
        "--audience", "registrar",
    ]  # fmt: skip


def _provider(issuer: str) -> list[str]:
    """Another institution's sign-in, so that the demo shows accounts being joined."""
    return [
        "oidc", "upstream", "create", "--exist-ok", "--issuer", issuer, "--name", PROVIDER,
        "--client-id", "kangqiao", "--icon", "building-bank", "--just-in-time",
        "--role-claim", "roles", "--two-factor-value", "otp",
        "--phishing-resistant-value", "hwk",
    ]  # fmt: skip


def _hospital(standin: str, hospital: str) -> Iterator[list[str]]:
    """The hospital of the demo's registrar has a system of its own, and sends its schedule."""
    yield [
        "oidc", "client", "create", "--exist-ok", "--secret", os.environ["HOSPITAL_CLIENT_SECRET"],
        "--client-id", HOSPITAL_CLIENT, "--name", HOSPITAL_SYSTEM, "--unit", hospital,
        "--grant", "client_credentials",
        "--service-scope", "appointments.exchange", "--scope", "openid",
    ]  # fmt: skip
    yield ["hospital-link", "create", "--institution", hospital, "--url", f"{standin}/api"]
