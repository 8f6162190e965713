"""The demo team's division of work: who looks after whom, a few with nobody, one who is away."""

from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from core import crypto
from family_doctor.schemas import RuleValues
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team

_UNASSIGNED = 3
_NOTE = "（示例）按村屯分工，高血压和糖尿病居民请按月随访，有事先打电话。"
_SIGNED = """
SELECT contract.id, contract.starts_on FROM family_doctor_contract AS contract
JOIN residents_person AS person ON person.id = contract.person_id
LEFT JOIN residents_household AS home ON home.id = person.household_id
WHERE contract.team_id = %(team)s
AND contract.state IN ('active', 'change_requested', 'expiring')
ORDER BY home.village_name, contract.id
"""
# Two whom nobody signs in as, and a team of the same institution if there is one.
_MOVING = """
SELECT contract.id, contract.person_id FROM family_doctor_contract AS contract
WHERE contract.team_id = %(team)s AND contract.state = 'active'
AND NOT EXISTS (
    SELECT FROM auth_account AS account WHERE account.person_id = contract.person_id
)
ORDER BY contract.id LIMIT 2
"""
_NEIGHBOUR = """
SELECT other.id, other.name FROM directory_team AS other, directory_team AS own
WHERE own.id = %(team)s AND other.id <> own.id
ORDER BY other.institution_id <> own.institution_id, other.id LIMIT 1
"""
_MOVING_NOTE = "（示例）搬到邻近的村，离您的站更近。血压在随访，请同意后先上门认识一下。"
_ACCOUNT = "SELECT account_id, id FROM directory_staff WHERE id = %(staff)s"


def load_teamwork(bulk: Bulk, team: Team, *, now: datetime, today: date, seed: int) -> None:
    """Give the team's residents to its members, neighbours to the same one."""
    ids = Identifiers(Random(f"{seed}/teamwork"))
    leader, members = team.members[0], team.members[1:]
    [(account, _)] = bulk.rows(_ACCOUNT, {"staff": leader.id})
    signed = [row[0] for row in bulk.rows(_SIGNED, {"team": team.id})][:-_UNASSIGNED]
    each = -(-len(signed) // len(members)) or 1
    shares = [signed[start : start + each] for start in range(0, len(signed), each)]
    at = now - timedelta(days=30)
    given = [
        (ids.new(), member, share) for member, share in zip(members, shares, strict=False) if share
    ]
    bulk.copy(
        "family_doctor_handover",
        ("id", "team_id", "to_staff_id", "to_name", "residents", "note", "at", "account_id",
         "by_name"),
        [
            (made, team.id, member.id, member.name, len(share),
             crypto.encrypt(_NOTE, "family_doctor_handover.note"), at, account, leader.name)
            for made, member, share in given
        ],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_assignment",
        ("id", "contract_id", "team_id", "staff_id", "staff_name", "handover_id", "since",
         "told_at"),
        [
            (ids.new(), contract, team.id, member.id, member.name, made, at, at)
            for made, member, share in given
            for contract in share
        ],
    )  # fmt: skip
    away, substitute = members[-1], members[0]
    bulk.copy(
        "family_doctor_absence",
        ("id", "team_id", "staff_id", "staff_name", "substitute_id", "substitute_name",
         "starts_on", "ends_on", "recorded_at", "account_id"),
        [
            (ids.new(), team.id, away.id, away.name, substitute.id, substitute.name,
             today + timedelta(days=3), today + timedelta(days=7), now, account)
        ],
    )  # fmt: skip
    _propose_transfer(bulk, team, ids, account, now)


def _propose_transfer(
    bulk: Bulk, team: Team, ids: Identifiers, account: UUID, now: datetime
) -> None:
    """The leader proposed two residents to another team, which has not answered yet."""
    moving = [row[0] for row in bulk.rows(_MOVING, {"team": team.id})]
    others = bulk.rows(_NEIGHBOUR, {"team": team.id})
    if not moving or not others:
        return
    made, at = ids.new(), now - timedelta(days=1)
    bulk.copy(
        "family_doctor_transfer",
        ("id", "from_team_id", "to_team_id", "state", "residents", "note", "proposed_at",
         "proposed_by", "by_name", "waits_until"),
        [
            (made, team.id, others[0][0], "proposed", len(moving),
             crypto.encrypt(_MOVING_NOTE, "family_doctor_transfer.note"), at, account,
             team.members[0].name, at + timedelta(days=RuleValues().transfer_answer_days))
        ],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_transfer_offer",
        ("id", "transfer_id", "contract_id", "state"),
        [(ids.new(), made, contract, "proposed") for contract in moving],
    )
