"""What all pages of the room share: their address and the names of states."""

from flask import Blueprint

from core import clock
from family_doctor.web import wording

pages = Blueprint("family_doctor", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the room's templates the wording of states, reasons and ways, and the day."""
    return {"wording": wording, "today": clock.today()}
