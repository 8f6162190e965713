"""WeChat: the applications' access tokens; accounts joined to WeChat users."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # A trusted extension of PostgreSQL's own: the database's owner may create it.
    op.create_table(
        "wechat_access_token",
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_wechat_access_token")),
    )
    op.create_table(
        "auth_wechat_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=False),
        sa.Column("openid_index", sa.LargeBinary(), nullable=False),
        sa.Column("unionid", sa.LargeBinary(), nullable=True),
        sa.Column("unionid_index", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "app IN ('mini_program', 'official_account')",
            name=op.f("ck_auth_wechat_identity_app"),
        ),
        sa.CheckConstraint(
            "(unionid IS NULL) = (unionid_index IS NULL)",
            name=op.f("ck_auth_wechat_identity_unionid"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_auth_wechat_identity_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_wechat_identity")),
        sa.UniqueConstraint(
            "account_id", "app", name=op.f("uq_auth_wechat_identity_account_id_app")
        ),
        sa.UniqueConstraint("openid_index", name=op.f("uq_auth_wechat_identity_openid_index")),
        postgresql.ExcludeConstraint(
            (sa.column("unionid_index"), "="),
            (sa.column("account_id"), "<>"),
            using="gist",
            name=op.f("ex_auth_wechat_identity_one_account"),
        ),
    )
    op.create_table(
        "auth_wechat_session",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_session.id"],
            name=op.f("fk_auth_wechat_session_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["auth_wechat_identity.id"],
            name=op.f("fk_auth_wechat_session_identity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_auth_wechat_session")),
    )
    op.create_index("ix_auth_wechat_session_identity_id", "auth_wechat_session", ["identity_id"])
    op.create_table(
        "auth_wechat_ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_wechat_ticket")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_wechat_ticket_token_hash")),
    )
    op.create_index("ix_auth_wechat_ticket_expires_at", "auth_wechat_ticket", ["expires_at"])
    op.create_table(
        "auth_wechat_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_auth_wechat_visit_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_wechat_visit")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_auth_wechat_visit_state_hash")),
    )
    op.create_index("ix_auth_wechat_visit_expires_at", "auth_wechat_visit", ["expires_at"])


def downgrade() -> None:
    """Undo; accounts stay, people sign in by phone again."""
    for table in (
        "auth_wechat_visit",
        "auth_wechat_ticket",
        "auth_wechat_session",
        "auth_wechat_identity",
        "wechat_access_token",
    ):
        op.drop_table(table)
