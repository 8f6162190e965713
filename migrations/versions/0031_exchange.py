"""Exchange with hospitals' own systems: links, their locks, our calls."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

LINK, LOCK, CALL = (
    "appointments_hospital_link",
    "appointments_hospital_lock",
    "appointments_exchange",
)


def upgrade() -> None:
    """Apply."""
    _links()
    _locks()
    _calls()


def _links() -> None:
    op.create_table(
        LINK,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to_rule(LINK),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{LINK}")),
        sa.UniqueConstraint("institution_id", name=op.f(f"uq_{LINK}_institution_id")),
    )


def _locks() -> None:
    op.create_table(
        LOCK,
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("lock_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('wechat', 'alipay', 'pos', 'kiosk', 'app', 'window')",
            name=op.f(f"ck_{LOCK}_channel"),
        ),
        sa.CheckConstraint(
            "(booking_id IS NULL) = (channel IS NULL)", name=op.f(f"ck_{LOCK}_taken")
        ),
        _to_rule(LOCK),
        _to_booking(LOCK),
        sa.PrimaryKeyConstraint("institution_id", "lock_id", name=op.f(f"pk_{LOCK}")),
    )
    op.create_index(f"ix_{LOCK}_booking_id", LOCK, ["booking_id"], unique=True)


def _calls() -> None:
    op.create_table(
        CALL,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("their_number", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("call IN ('lock', 'confirm', 'return')", name=op.f(f"ck_{CALL}_call")),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'refused', 'exception', 'settled', 'void')",
            name=op.f(f"ck_{CALL}_state"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_at IS NOT NULL)", name=op.f(f"ck_{CALL}_due")
        ),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_by IS NOT NULL) AND (settled_by IS NULL OR note <> '')",
            name=op.f(f"ck_{CALL}_settled"),
        ),
        _to_booking(CALL),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            [f"{LINK}.institution_id"],
            name=op.f(f"fk_{CALL}_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["auth_account.id"], name=op.f(f"fk_{CALL}_settled_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CALL}")),
    )
    op.create_index(f"uq_{CALL}_booking_id_call", CALL, ["booking_id", "call"], unique=True)
    op.create_index(
        f"ix_{CALL}_next_at", CALL, ["next_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index(f"ix_{CALL}_institution_id_state", CALL, ["institution_id", "state", "id"])


def _to_rule(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id"],
        ["appointments_rule.institution_id"],
        name=op.f(f"fk_{table}_institution_id"),
    )


def _to_booking(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["booking_id"], ["appointments_booking.id"], name=op.f(f"fk_{table}_booking_id")
    )


def downgrade() -> None:
    """Undo."""
    for table in (CALL, LOCK, LINK):
        op.drop_table(table)
