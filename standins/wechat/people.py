"""The WeChat users of the demo."""

import base64
import hashlib
from dataclasses import dataclass

from standins.language import N_

ID_LENGTH = 27


@dataclass(frozen=True, slots=True)
class Person:
    """A WeChat user with the phone that WeChat has verified; a risky one is refused (40226)."""

    key: str
    name: str
    phone: str
    calling_code: str = "86"
    risky: bool = False

    def openid(self, app_id: str) -> str:
        """How one application knows them."""
        return _name(f"{app_id} {self.key}")

    @property
    def unionid(self) -> str:
        """How all applications of the demo's open platform account know them."""
        return _name(self.key)


def people(first_phone: str) -> dict[str, Person]:
    """By key; the first has ``first_phone``, the others numbers that no operator issues."""
    everybody = (
        Person("a", N_("用户甲"), first_phone),
        Person("b", N_("用户乙"), "12000000002"),
        Person("abroad", N_("用户丙（境外手机号）"), "5550100", calling_code="1"),
        Person("risky", N_("用户丁（微信认为有风险）"), "12000000004", risky=True),
    )
    return {person.key: person for person in everybody}


def _name(seed: str) -> str:
    digest = hashlib.sha256(f"wechat stand-in {seed}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:ID_LENGTH]
