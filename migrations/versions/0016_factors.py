"""auth: second factors, sign-ins on their way, devices, limits of routes, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ACCOUNT = "auth_account.id"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "auth_account",
        sa.Column("password_initial", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column(
        "auth_session", sa.Column("channel", sa.Text(), server_default="web", nullable=False)
    )
    op.add_column(
        "auth_session", sa.Column("user_agent", sa.Text(), server_default="", nullable=False)
    )
    op.add_column(
        "auth_session",
        sa.Column("last_seen_at", MOMENT, server_default=sa.func.now(), nullable=False),
    )
    op.add_column(
        "auth_challenge", sa.Column("purpose", sa.Text(), server_default="sign_in", nullable=False)
    )
    op.add_column("auth_challenge", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_auth_challenge_account_id"),
        "auth_challenge",
        "auth_account",
        ["account_id"],
        ["id"],
    )
    _pending_sign_ins()
    _factors()
    _devices()
    _recovery()


def _pending_sign_ins() -> None:
    op.create_table(
        "auth_pending_sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("methods", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], [ACCOUNT], name=op.f("fk_auth_pending_sign_in_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_pending_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_pending_sign_in_token_hash")),
    )
    op.create_index("ix_auth_pending_sign_in_expires_at", "auth_pending_sign_in", ["expires_at"])


def _factors() -> None:
    op.create_table(
        "auth_totp",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], [ACCOUNT], name=op.f("fk_auth_totp_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_auth_totp")),
    )
    op.create_table(
        "auth_passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], [ACCOUNT], name=op.f("fk_auth_passkey_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_auth_passkey_credential_id")),
    )
    op.create_index("ix_auth_passkey_account_id", "auth_passkey", ["account_id"])
    op.create_table(
        "auth_passkey_challenge",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('register', 'prove')", name=op.f("ck_auth_passkey_challenge_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], [ACCOUNT], name=op.f("fk_auth_passkey_challenge_account_id")
        ),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_auth_passkey_challenge")),
    )
    op.create_index(
        "ix_auth_passkey_challenge_expires_at", "auth_passkey_challenge", ["expires_at"]
    )
    op.create_table(
        "auth_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], [ACCOUNT], name=op.f("fk_auth_recovery_code_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_recovery_code")),
        sa.UniqueConstraint(
            "account_id", "code_hash", name=op.f("uq_auth_recovery_code_account_id_code_hash")
        ),
    )


def _devices() -> None:
    op.create_table(
        "auth_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], [ACCOUNT], name=op.f("fk_auth_device_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_device")),
        sa.UniqueConstraint(
            "account_id", "token_hash", name=op.f("uq_auth_device_account_id_token_hash")
        ),
    )
    op.create_table(
        "auth_rate",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("window_start", MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_auth_rate")),
    )
    op.create_table(
        "auth_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], [ACCOUNT], name=op.f("fk_auth_notice_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_notice")),
    )
    op.create_index("ix_auth_notice_created_at", "auth_notice", ["created_at"])


def _recovery() -> None:
    op.create_table(
        "auth_recovery_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("new_phone", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=False),
        sa.Column("begun_by_name", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by_name", sa.Text(), nullable=True),
        sa.Column("objection_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("effective_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('begun', 'waiting', 'done', 'objected', 'withdrawn', 'lapsed')",
            name=op.f("ck_auth_recovery_case_state"),
        ),
        sa.CheckConstraint(
            "confirmed_by <> begun_by", name=op.f("ck_auth_recovery_case_two_persons")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [ACCOUNT], name=op.f(f"fk_auth_recovery_case_{column}")
            )
            for column in ("account_id", "begun_by", "confirmed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_recovery_case")),
        sa.UniqueConstraint("objection_hash", name=op.f("uq_auth_recovery_case_objection_hash")),
    )
    op.create_index("ix_auth_recovery_case_unit", "auth_recovery_case", ["unit", "created_at"])
    op.create_index(
        "uq_auth_recovery_case_open",
        "auth_recovery_case",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('begun', 'waiting')"),
    )


def downgrade() -> None:
    """Undo; people then sign in with one factor again."""
    for table in (
        "auth_recovery_case",
        "auth_notice",
        "auth_rate",
        "auth_device",
        "auth_recovery_code",
        "auth_passkey_challenge",
        "auth_passkey",
        "auth_totp",
        "auth_pending_sign_in",
    ):
        op.drop_table(table)
    op.drop_constraint(op.f("fk_auth_challenge_account_id"), "auth_challenge", type_="foreignkey")
    for column in ("account_id", "purpose"):
        op.drop_column("auth_challenge", column)
    for column in ("last_seen_at", "user_agent", "channel"):
        op.drop_column("auth_session", column)
    op.drop_column("auth_account", "password_initial")
