"""People without an ID number in the demo: one registered by a passport, one waiting for staff."""

from datetime import date, datetime, timedelta
from random import Random

from auth.public import phone_index
from core import crypto
from regions import demo
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team
from regions.pack import RegionPack
from residents.public import id_tail_index, identifier_index

_NAME, _BORN, _STATE, _NUMBER = "（示例）阮文安", date(1988, 6, 2), "VNM", "C0000001"
_ASKING, _ASKING_BORN, _PERMIT = "（示例）陈小港", date(1992, 3, 9), "H00000001"
_ASKED = timedelta(hours=5)


def load_papers(bulk: Bulk, pack: RegionPack, team: Team, *, seed: int, now: datetime) -> None:
    """A foreigner whom the team's institution registered, and an account that says who it is by a
    permit, which the institution has to see.
    """
    ids = Identifiers(Random(f"{seed}/papers"))
    person = ids.new()
    bulk.copy(
        "residents_person",
        ("id", "relation", "name", "sex", "birth_date", "id_index", "id_tail_index",
         "division_code", "verified_at", "example", "created_at"),
        [(person, "self", _NAME, "male", _BORN, person.bytes, id_tail_index(_NUMBER),
          team.division_code, now, True, now)],
    )  # fmt: skip
    bulk.copy(
        "residents_identifier",
        ("id", "person_id", "kind", "issuer", "number", "number_index", "source", "created_at"),
        [(ids.new(), person, "passport", _STATE,
          crypto.encrypt(_NUMBER, "residents_identifier.number"), identifier_index(_NUMBER),
          "example", now)],
    )  # fmt: skip
    account, phone = ids.new(), demo.asking_phone(pack.region)
    bulk.copy(
        "auth_account",
        ("id", "display_name", "phone", "phone_index", "created_at"),
        [(account, _ASKING, crypto.encrypt(phone, "auth_account.phone"), phone_index(phone),
          now - _ASKED)],
    )  # fmt: skip
    bulk.copy(
        "residents_paper_claim",
        ("id", "account_id", "kind", "issuer", "number", "number_index", "name", "sex",
         "birth_date", "division_code", "institution_id", "state", "created_at"),
        [(ids.new(), account, "hk_macau_permit", "",
          crypto.encrypt(_PERMIT, "residents_paper_claim.number"), identifier_index(_PERMIT),
          crypto.encrypt(_ASKING, "residents_paper_claim.name"), "female", _ASKING_BORN,
          team.division_code, team.institution_id, "waiting", now - _ASKED)],
    )  # fmt: skip
