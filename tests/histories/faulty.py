"""The portal with a fault planted, which the proof must find: what was confirmed is still held."""

from apiflask import APIFlask
from sqlalchemy import text

from appointments.services import places
from portal.factory import create_app


def make_app() -> APIFlask:
    """The faulty portal."""
    sound = str(places.CONFIRM)
    places.CONFIRM = text(
        sound.replace("SET state = 'booked', held_until = NULL", "SET number = number")
    )
    return create_app()
