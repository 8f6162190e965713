"""The agreement's wording: plain text with places, each filled once. Pure.

A place is ``{{ name }}``; what fills it is never read as wording again, and nothing else in it is
a command, so that whoever writes one decides about words only.
"""

import re
from collections.abc import Mapping

from core.messages import N_

PLACE = re.compile(r"\{\{ *([a-z_]+) *\}\}")
PLACES = (
    "contract_id",
    "resident",
    "team",
    "institution",
    "pack",
    "items",
    "price",
    "public_health",
    "insurance",
    "person",
    "begins",
    "years",
    "written_on",
)
# Without these it does not say who agrees on what.
NEEDED = frozenset({"contract_id", "resident", "team", "items", "years"})


def fill(body: str, values: Mapping[str, str]) -> str:
    """The wording with its places filled."""
    return PLACE.sub(lambda place: values[place[1]], body)


def check_wording(body: str) -> str:
    """The wording, if it can be filled. Raises ValueError with a sentence."""
    named = set(PLACE.findall(body))
    rest = PLACE.sub("", body)
    if "{" in rest or "}" in rest or named - set(PLACES):
        raise ValueError(N_("花括号里只能写列出的填充项，请按说明修改。"))
    if NEEDED - named:
        raise ValueError(N_("协议必须写明编号、居民、团队、服务项目和年限这几个填充项。"))
    return body.replace("\r\n", "\n")
