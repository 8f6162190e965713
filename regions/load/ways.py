"""The ways of signing: the region's limits, and a few links of the demo's team."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from auth.public import phone_index
from core import crypto
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team
from regions.pack import RegionPack

_INVITATIONS = 5
# The end of the demo's range, which the made-up people fill from its start.
_FIRST_PHONE = 12_999_999_990


def load_way_rule(bulk: Bulk, pack: RegionPack) -> None:
    """The limits, in the row that the migration made."""
    values = pack.contract_rules.ways.model_dump(exclude={"estimate", "provenance"})
    bulk.run(
        "UPDATE family_doctor_way_rule SET card_days = %(card_days)s,"
        " invitation_days = %(invitation_days)s, share_days = %(share_days)s,"
        " invite_again_days = %(invite_again_days)s,"
        " invitations_per_day = %(invitations_per_day)s, checks_per_day = %(checks_per_day)s,"
        " present_minutes = %(present_minutes)s, visit_days = %(visit_days)s,"
        " visit_sync_days = %(visit_sync_days)s, visit_residents = %(visit_residents)s",
        values,
    )


def load_ways(bulk: Bulk, team: Team, resident_id: UUID, *, now: datetime, seed: int) -> None:
    """The leader's card, invitations that went out or were opened, and the resident's share."""
    ids = Identifiers(Random(f"{seed}/ways"))
    leader = team.members[0]
    accounts = dict(
        bulk.rows(
            "SELECT 'leader', account_id FROM directory_staff WHERE id = %(staff)s"
            " UNION ALL SELECT 'resident', id FROM auth_account WHERE person_id = %(person)s",
            {"staff": leader.id, "person": resident_id},
        )
    )
    bulk.copy(
        "family_doctor_card",
        ("id", "team_id", "account_id", "doctor_name", "issued_at", "expires_at", "opened"),
        [
            (ids.new(), team.id, accounts["leader"], leader.name, now - timedelta(days=10),
             now + timedelta(days=80), 12)
        ],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_invitation",
        ("id", "team_id", "account_id", "invited_by", "phone", "phone_index", "created_at",
         "expires_at", "sent_at", "opened_at"),
        [
            (ids.new(), team.id, accounts["leader"], leader.name,
             crypto.encrypt(phone, "family_doctor_invitation.phone"), phone_index(phone),
             at, at + timedelta(days=14), at, at + timedelta(hours=2) if number % 2 else None)
            for number in range(_INVITATIONS)
            for phone, at in [(str(_FIRST_PHONE + number), now - timedelta(days=number + 1))]
        ],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_share",
        ("id", "team_id", "account_id", "depth", "created_at", "expires_at", "opened"),
        [
            (ids.new(), team.id, accounts["resident"], 1, now - timedelta(days=3),
             now + timedelta(days=27), 4)
        ],
    )  # fmt: skip
