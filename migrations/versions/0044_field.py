"""Signing in a village: visits, their lists, what was signed there, and the region's limits."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

VISIT, RESIDENT, ENTRY, WAY, RULE = (
    "family_doctor_field_visit",
    "family_doctor_field_resident",
    "family_doctor_field_entry",
    "family_doctor_introduction",
    "family_doctor_way_rule",
)
LIMITS = (("visit_days", "3"), ("visit_sync_days", "7"), ("visit_residents", "300"))
OUTCOMES = (
    "outcome IN ('already_signed', 'clock_wrong', 'identity_mismatch', 'minor', 'over_capacity',"
    " 'signed', 'team_closed', 'text_withdrawn', 'unreadable')"
)


def upgrade() -> None:
    """Apply."""
    _visits()
    _residents()
    _entries()
    op.add_column(WAY, sa.Column("visit_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{WAY}_visit_id"), WAY, VISIT, ["visit_id"], ["id"])
    op.create_check_constraint(
        op.f(f"ck_{WAY}_visit"), WAY, "visit_id IS NULL OR channel = 'on_site'"
    )
    op.create_index(
        f"ix_{WAY}_visit_id", WAY, ["visit_id"], postgresql_where=sa.text("visit_id IS NOT NULL")
    )
    for name, usual in LIMITS:
        op.add_column(
            RULE, sa.Column(name, sa.SmallInteger(), server_default=usual, nullable=False)
        )
    op.create_check_constraint(
        op.f(f"ck_{RULE}_visits"),
        RULE,
        "visit_days BETWEEN 1 AND 30 AND visit_sync_days BETWEEN 0 AND 90"
        " AND visit_residents BETWEEN 1 AND 300",
    )


def _visits() -> None:
    op.create_table(
        VISIT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("village_code", sa.Text(), nullable=False),
        sa.Column("village_name", sa.Text(), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("term_years", sa.SmallInteger(), nullable=False),
        _moment("prepared_at"),
        _moment("expires_at"),
        _moment("sync_until"),
        _moment("authorised_at", optional=True),
        sa.Column("authorised_by", sa.Uuid(), nullable=True),
        sa.Column("authorised_name", sa.Text(), server_default="", nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=True),
        sa.Column("proof_method", sa.Text(), nullable=True),
        _moment("proved_at", optional=True),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        _moment("loaded_at", optional=True),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        _moment("broken_at", optional=True),
        _moment("closed_at", optional=True),
        _moment("cancelled_at", optional=True),
        *_conditions_of_visits(),
        _to(VISIT, "team_id", "directory_team"),
        _to(VISIT, "account_id", "auth_account"),
        _to(VISIT, "authorised_by", "auth_account"),
        _to(VISIT, "signature_id", "family_doctor_own_signature"),
        sa.ForeignKeyConstraint(
            ["pack_code"], ["service_packs_pack.code"], name=op.f(f"fk_{VISIT}_pack_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{VISIT}")),
    )
    op.create_index(f"ix_{VISIT}_team_id", VISIT, ["team_id", "prepared_at", "id"])
    op.create_index(f"ix_{VISIT}_account_id", VISIT, ["account_id"])


def _conditions_of_visits() -> list[sa.CheckConstraint]:
    conditions = {
        "validity": "prepared_at < expires_at AND expires_at <= sync_until",
        "years": "term_years BETWEEN 1 AND 5",
        "entries": "entries >= 0",
        "digests": "octet_length(seed) = 32 AND octet_length(last_hash) = 32"
        " AND (device IS NULL OR octet_length(device) = 32)",
        "authorised": "num_nonnulls(authorised_at, authorised_by, signature_id, proof_method,"
        " proved_at) IN (0, 5)",
        "loaded": "(device IS NULL) = (loaded_at IS NULL)"
        " AND (loaded_at IS NULL OR authorised_at IS NOT NULL)",
        "proof_method": "proof_method IS NULL OR proof_method IN"
        " ('console', 'hwk', 'on_site', 'otp', 'sms', 'two_factors')",
    }
    return [
        sa.CheckConstraint(condition, name=op.f(f"ck_{VISIT}_{name}"))
        for name, condition in conditions.items()
    ]


def _residents() -> None:
    op.create_table(
        RESIDENT,
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        _to(RESIDENT, "visit_id", VISIT),
        _to(RESIDENT, "person_id", "residents_person"),
        _to(RESIDENT, "text_id", "family_doctor_agreement_text"),
        sa.PrimaryKeyConstraint("visit_id", "person_id", name=op.f(f"pk_{RESIDENT}")),
        sa.UniqueConstraint("visit_id", "position", name=op.f(f"uq_{RESIDENT}_visit_id_position")),
    )


def _entries() -> None:
    op.create_table(
        ENTRY,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        _moment("signed_at", optional=True),
        _moment("received_at"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        _moment("settled_at", optional=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(OUTCOMES, name=op.f(f"ck_{ENTRY}_outcome")),
        sa.CheckConstraint(
            "(outcome = 'signed') = (contract_id IS NOT NULL)"
            " AND (contract_id IS NULL OR contract_id = id)",
            name=op.f(f"ck_{ENTRY}_contract"),
        ),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f(f"ck_{ENTRY}_hash")),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL)", name=op.f(f"ck_{ENTRY}_settled")
        ),
        _to(ENTRY, "visit_id", VISIT),
        _to(ENTRY, "team_id", "directory_team"),
        _to(ENTRY, "person_id", "residents_person"),
        _to(ENTRY, "contract_id", "family_doctor_contract"),
        _to(ENTRY, "settled_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ENTRY}")),
        sa.UniqueConstraint("visit_id", "number", name=op.f(f"uq_{ENTRY}_visit_id_number")),
        sa.UniqueConstraint("contract_id", name=op.f(f"uq_{ENTRY}_contract_id")),
    )
    op.create_index(
        f"ix_{ENTRY}_open",
        ENTRY,
        ["team_id", "received_at", "id"],
        postgresql_where=sa.text("outcome <> 'signed' AND settled_at IS NULL"),
    )


def _moment(name: str, *, optional: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo; contracts signed in a village stay, as signed on site."""
    op.drop_constraint(op.f(f"ck_{RULE}_visits"), RULE, type_="check")
    for name, _ in LIMITS:
        op.drop_column(RULE, name)
    op.drop_column(WAY, "visit_id")
    for table in (ENTRY, RESIDENT, VISIT):
        op.drop_table(table)
