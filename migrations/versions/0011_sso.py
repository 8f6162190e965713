"""Single sign-on: applications, consents, codes and signing keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auth_client",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("redirect_uris", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("post_logout_redirect_uris", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "algorithm IN ('ES256', 'RS256')", name=op.f("ck_auth_client_algorithm")
        ),
        sa.CheckConstraint(
            "cardinality(redirect_uris) > 0", name=op.f("ck_auth_client_redirect_uris")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_auth_client")),
    )
    op.create_table(
        "auth_signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "algorithm IN ('ES256', 'RS256')", name=op.f("ck_auth_signing_key_algorithm")
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_auth_signing_key")),
        sa.UniqueConstraint("algorithm", name=op.f("uq_auth_signing_key_algorithm")),
    )
    op.create_table(
        "auth_consent",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_auth_consent_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f("fk_auth_consent_client_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "client_id", "scope", name=op.f("pk_auth_consent")),
    )
    op.create_table(
        "auth_authorization_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_token_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["auth_client.client_id"],
            name=op.f("fk_auth_authorization_code_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_session.id"], name=op.f("fk_auth_authorization_code_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_authorization_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_auth_authorization_code_code_hash")),
    )
    op.create_index(
        "ix_auth_authorization_code_expires_at",
        "auth_authorization_code",
        ["expires_at"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_auth_authorization_code_expires_at", table_name="auth_authorization_code")
    op.drop_table("auth_authorization_code")
    op.drop_table("auth_consent")
    op.drop_table("auth_signing_key")
    op.drop_table("auth_client")
