"""``python -m standins``: the demo's outside parties, on this machine only.

Keys come from the environment, or from a file: the portal's own demo.env unless ``--secrets`` names
another. Never from the command line, which every user of the machine can read.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from standins.config import StandinConfig
from standins.server import HOST, running


class Secrets(BaseSettings, extra="ignore"):
    """The keys shared with the portal, under the portal's own names."""

    sms_key: str
    identity_key: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    wechat_mini_program_id: str = ""
    wechat_mini_program_secret: str = ""
    wechat_official_account_id: str = ""
    wechat_official_account_secret: str = ""
    wechat_phone: str = "12000000001"
    clinic_client_id: str = "clinic-demo"
    clinic_client_secret: str = ""
    hospital_id: str = ""
    hospital_client_secret: str = ""
    hospital_link_secret: str = ""


def main() -> None:
    """Serve until interrupted or terminated."""
    options = _options()
    try:
        config = _config(options)
    except ValidationError as error:
        sys.exit(_sentences(error))
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with running(config, options.port) as url:
        print(f"Stand-ins for outside parties: {url}/", flush=True)
        stop.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="standins", description="Loopback stand-ins of the demo")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default=HOST, help=f"only {HOST} is accepted")
    parser.add_argument("--portal-url", default="http://127.0.0.1:8000", help="the portal's origin")
    parser.add_argument("--webhook-url", help="where Stripe events go; default: at the portal")
    parser.add_argument(
        "--secrets",
        type=Path,
        default=Path(os.environ.get("INSTANCE_DIR") or "instance") / "demo.env",
        help="a file of KEY=value lines; default: INSTANCE_DIR/demo.env",
    )
    options = parser.parse_args()
    if options.host != HOST:
        parser.error(f"the stand-ins hold sign-in codes and test money: they serve {HOST} only")
    return options


def _config(options: argparse.Namespace) -> StandinConfig:
    keys = Secrets(_env_file=options.secrets)
    return StandinConfig(
        portal_url=options.portal_url, webhook_url=options.webhook_url, **keys.model_dump()
    )


def _sentences(error: ValidationError) -> str:
    problems = [
        f"  {'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
    return "The stand-ins cannot start:\n" + "\n".join(problems)


if __name__ == "__main__":
    main()
