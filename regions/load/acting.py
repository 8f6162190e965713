"""Who acts for whom in the demo: a husband for his wife, and a father who asks to for a child."""

from datetime import date, datetime, timedelta
from random import Random

from core import crypto
from regions import demo
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team
from residents.public import id_index, last_day_as_child

_CHILD, _AGE_DAYS, _ASKED = "（示例）小满", 900, timedelta(hours=20)
_NUMBER = "示例 T450000000"


def load_acting(
    bulk: Bulk, cast: demo.Cast, team: Team, *, seed: int, now: datetime, today: date
) -> None:
    """The husband of the demo's resident may book, sign and pay for her; the last applicant asks
    to act for a child, which the team's institution has to check.
    """
    ids = Identifiers(Random(f"{seed}/acting"))
    husband, father = cast.households[0].members[1], cast.applicants[-1]
    name = crypto.encrypt(husband.name, "residents_representation.representative_name")
    bulk.copy(
        "residents_representation",
        ("id", "person_id", "representative_id", "representative_name", "representative_index",
         "scopes", "basis", "since"),
        [(ids.new(), cast.resident.id, husband.id, name, id_index(husband.id_number),
          ["sign", "book", "pay"], "household", now - timedelta(days=40))],
    )  # fmt: skip
    born = today - timedelta(days=_AGE_DAYS)
    bulk.copy(
        "residents_binding",
        ("id", "way", "basis", "evidence", "evidence_number", "representative_id", "name", "sex",
         "birth_date", "scopes", "until", "institution_id", "state", "created_at"),
        [(ids.new(), "document", "child", "birth_certificate",
          crypto.encrypt(_NUMBER, "residents_binding.evidence_number"), father.id,
          crypto.encrypt(_CHILD, "residents_binding.name"), "female", born, ["book", "sign"],
          last_day_as_child(born), team.institution_id, "waiting", now - _ASKED)],
    )  # fmt: skip
