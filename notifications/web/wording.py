"""Messages in the words of who reads them."""

from core.web.formats import written
from core.web.languages import gettext
from core.web.names import named
from notifications.schemas import ABOUT, ABOUT_SOMEBODY, MessageView


def text(message: MessageView) -> str:
    """The message in the reader's language, the names and the days in it too: ``item_en`` is the
    English of ``item``.
    """
    values = {name: written(value) for name, value in message.values.items()}
    names = {name: named(value, values.get(f"{name}_en")) for name, value in values.items()}
    said: str = gettext(message.sentence, **names)
    return gettext(ABOUT_SOMEBODY, about=values[ABOUT]) + said if ABOUT in values else said
