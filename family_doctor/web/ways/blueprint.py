"""What all pages of the ways of signing share: their address, their wording, their links."""

from flask import Blueprint, url_for

from core import clock
from core.settings import settings
from family_doctor.web import ways_words, wording

pages = Blueprint("family_doctor_ways", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_ways() -> dict[str, object]:
    """Give the templates the wording of states and ways, and the day."""
    return {"wording": wording, "words": ways_words, "today": clock.today()}


def whole_link(text: str) -> str:
    """The address of a link as it is printed, sent and shared."""
    return settings().public_url.rstrip("/") + url_for("family_doctor_ways.arrive", link=text)
