"""Transfers of residents to another team, with the rule's days for them; invitations to renew."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

RULE, TRANSFER, OFFER, INVITED = (
    "family_doctor_rule",
    "family_doctor_transfer",
    "family_doctor_transfer_offer",
    "family_doctor_renewal_invitation",
)
DAYS = {"transfer_answer_days": "7", "transfer_consent_days": "14"}
OPEN = "state IN ('asked', 'consented', 'proposed')"


def upgrade() -> None:
    """Apply."""
    for name, days in DAYS.items():
        column = sa.Column(name, sa.SmallInteger(), server_default=days, nullable=False)
        op.add_column(RULE, column)
    op.add_column(
        RULE, sa.Column("transfer_reach", sa.Text(), server_default="region", nullable=False)
    )
    op.create_check_constraint(
        op.f(f"ck_{RULE}_transfer_days"),
        RULE,
        "transfer_answer_days > 0 AND transfer_consent_days > 0",
    )
    op.create_check_constraint(
        op.f(f"ck_{RULE}_transfer_reach"), RULE, "transfer_reach IN ('institution', 'region')"
    )
    _transfers()
    _offers()
    _invitations()


def _transfers() -> None:
    op.create_table(
        TRANSFER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("residents", sa.Integer(), nullable=False),
        sa.Column("village_name", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("signature_id", sa.Uuid(), nullable=True),
        sa.Column("proof_method", sa.Text(), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('accepted', 'declined', 'lapsed', 'proposed', 'settled', 'withdrawn')",
            name=op.f(f"ck_{TRANSFER}_state"),
        ),
        sa.CheckConstraint("from_team_id <> to_team_id", name=op.f(f"ck_{TRANSFER}_teams")),
        sa.CheckConstraint("residents > 0", name=op.f(f"ck_{TRANSFER}_residents")),
        sa.CheckConstraint(
            "state <> 'proposed' OR waits_until IS NOT NULL", name=op.f(f"ck_{TRANSFER}_waits")
        ),
        sa.CheckConstraint(
            "state <> 'declined' OR reason IS NOT NULL", name=op.f(f"ck_{TRANSFER}_reason")
        ),
        sa.CheckConstraint(
            "NOT (state IN ('accepted', 'settled')) OR num_nonnulls(accepted_at, account_id,"
            " signature_id, proof_method, proved_at) = 5",
            name=op.f(f"ck_{TRANSFER}_accepted"),
        ),
        sa.CheckConstraint(
            "proof_method IS NULL OR proof_method IN ('console', 'on_site', 'one_time_code',"
            " 'passkey', 'sms', 'two_factors')",
            name=op.f(f"ck_{TRANSFER}_proof_method"),
        ),
        _to(TRANSFER, "from_team_id", "directory_team"),
        _to(TRANSFER, "to_team_id", "directory_team"),
        _to(TRANSFER, "proposed_by", "auth_account"),
        _to(TRANSFER, "account_id", "auth_account"),
        _to(TRANSFER, "signature_id", "family_doctor_own_signature"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TRANSFER}")),
    )
    op.create_index(f"ix_{TRANSFER}_from_team_id", TRANSFER, ["from_team_id", "id"])
    op.create_index(f"ix_{TRANSFER}_to_team_id", TRANSFER, ["to_team_id", "id"])
    op.create_index(
        f"ix_{TRANSFER}_waits_until",
        TRANSFER,
        ["waits_until"],
        postgresql_where=sa.text("state IN ('accepted', 'proposed')"),
    )


def _offers() -> None:
    op.create_table(
        OFFER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'consented', 'declined', 'done', 'gone', 'lapsed', 'proposed',"
            " 'withdrawn')",
            name=op.f(f"ck_{OFFER}_state"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('consented', 'done')) OR successor_id IS NOT NULL",
            name=op.f(f"ck_{OFFER}_successor"),
        ),
        sa.CheckConstraint(f"({OPEN}) = (closed_at IS NULL)", name=op.f(f"ck_{OFFER}_closed")),
        _to(OFFER, "transfer_id", TRANSFER),
        _to(OFFER, "contract_id", "family_doctor_contract"),
        _to(OFFER, "successor_id", "family_doctor_contract"),
        _to(OFFER, "decided_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{OFFER}")),
    )
    op.create_index(
        f"uq_{OFFER}_open",
        OFFER,
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(f"ix_{OFFER}_contract_id", OFFER, ["contract_id", "id"])
    op.create_index(f"ix_{OFFER}_transfer_id", OFFER, ["transfer_id", "state", "id"])
    op.create_index(
        f"ix_{OFFER}_successor_id",
        OFFER,
        ["successor_id"],
        unique=True,
        postgresql_where=sa.text("successor_id IS NOT NULL"),
    )


def _invitations() -> None:
    op.create_table(
        INVITED,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        _to(INVITED, "contract_id", "family_doctor_contract"),
        _to(INVITED, "invitation_id", "family_doctor_invitation"),
        _to(INVITED, "account_id", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{INVITED}")),
    )
    op.create_index(f"ix_{INVITED}_contract_id", INVITED, ["contract_id", "sent_at"])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo. Whoever was asked loses the question, and the places kept for them are free again."""
    op.execute(
        """
        UPDATE family_doctor_team_load AS load SET taken = load.taken - held.number
        FROM (
            SELECT transfer.to_team_id, count(*) AS number
            FROM family_doctor_transfer_offer AS offer
            JOIN family_doctor_transfer AS transfer ON transfer.id = offer.transfer_id
            WHERE offer.state = 'asked'
            GROUP BY transfer.to_team_id
        ) AS held
        WHERE held.to_team_id = load.team_id
        """
    )
    for table in (INVITED, OFFER, TRANSFER):
        op.drop_table(table)
    op.drop_constraint(op.f(f"ck_{RULE}_transfer_reach"), RULE, type_="check")
    op.drop_constraint(op.f(f"ck_{RULE}_transfer_days"), RULE, type_="check")
    for name in ("transfer_reach", *DAYS):
        op.drop_column(RULE, name)
