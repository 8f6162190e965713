"""Single sign-on: kinds of applications, refresh tokens, pushed requests, devices, notices of
sign-outs, and keys that change on a schedule.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GRANTS = (
    "'authorization_code', 'refresh_token', 'client_credentials',"
    " 'urn:ietf:params:oauth:grant-type:device_code'"
)


def upgrade() -> None:
    """Apply."""
    _clients()
    _signing_keys()
    _refresh_tokens()
    _requests()
    op.create_table(
        "auth_logout_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f("fk_auth_logout_notice_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_session.id"], name=op.f("fk_auth_logout_notice_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_logout_notice")),
        sa.UniqueConstraint(
            "session_id", "client_id", name=op.f("uq_auth_logout_notice_session_id_client_id")
        ),
    )
    op.create_index("ix_auth_logout_notice_created_at", "auth_logout_notice", ["created_at"])


def _clients() -> None:
    empty = sa.text("'{}'")
    for column in (
        sa.Column("old_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_ends_at", MOMENT, nullable=True),
        sa.Column("jwks", postgresql.JSONB(), nullable=True),
        sa.Column("backchannel_logout_uri", sa.Text(), nullable=True),
        sa.Column("require_par", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "grants",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{authorization_code}'"),
            nullable=False,
        ),
        sa.Column("service_scopes", sa.ARRAY(sa.Text()), server_default=empty, nullable=False),
        sa.Column("guarded_scopes", sa.ARRAY(sa.Text()), server_default=empty, nullable=False),
    ):
        op.add_column("auth_client", column)
    for name in ("require_par", "grants", "service_scopes", "guarded_scopes"):
        op.alter_column("auth_client", name, server_default=None)
    op.drop_constraint(op.f("ck_auth_client_redirect_uris"), "auth_client", type_="check")
    for name, condition in {
        "redirect_uris": (
            "cardinality(redirect_uris) > 0 OR NOT 'authorization_code' = ANY (grants)"
        ),
        "grants": f"grants <@ ARRAY[{GRANTS}]",
        "one_credential": "secret_hash IS NULL OR jwks IS NULL",
        "old_secret": "(old_secret_hash IS NULL) = (old_secret_ends_at IS NULL)",
    }.items():
        op.create_check_constraint(op.f(f"ck_auth_client_{name}"), "auth_client", condition)


def _signing_keys() -> None:
    op.add_column("auth_signing_key", sa.Column("active_at", MOMENT, nullable=True))
    op.execute("UPDATE auth_signing_key SET active_at = created_at")
    op.alter_column("auth_signing_key", "active_at", nullable=False)
    op.drop_constraint(op.f("uq_auth_signing_key_algorithm"), "auth_signing_key", type_="unique")
    op.create_index(
        "ix_auth_signing_key_algorithm_active_at", "auth_signing_key", ["algorithm", "active_at"]
    )


def _refresh_tokens() -> None:
    op.create_table(
        "auth_refresh_family",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("claims", postgresql.JSONB(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_auth_refresh_family_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f("fk_auth_refresh_family_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_session.id"], name=op.f("fk_auth_refresh_family_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_refresh_family")),
    )
    op.create_index("ix_auth_refresh_family_account_id", "auth_refresh_family", ["account_id"])
    op.create_index("ix_auth_refresh_family_expires_at", "auth_refresh_family", ["expires_at"])
    op.create_table(
        "auth_refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("redeemed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["auth_refresh_family.id"],
            name=op.f("fk_auth_refresh_token_family_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_refresh_token_token_hash")),
    )
    op.create_index("ix_auth_refresh_token_family_id", "auth_refresh_token", ["family_id"])
    op.add_column("auth_token", sa.Column("grant_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE auth_token SET grant_id = code.id FROM auth_authorization_code AS code"
        " WHERE code.access_token_hash = token_hash"
    )
    op.drop_column("auth_authorization_code", "access_token_hash")
    for table in ("auth_authorization_code", "auth_token"):
        op.add_column(table, sa.Column("claims", postgresql.JSONB(), nullable=True))
    op.alter_column("auth_token", "account_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_auth_token_has_a_holder"),
        "auth_token",
        "account_id IS NOT NULL OR client_id IS NOT NULL",
    )
    for column in ("session_id", "grant_id", "expires_at"):
        op.create_index(f"ix_auth_token_{column}", "auth_token", [column])


def _requests() -> None:
    op.create_table(
        "auth_client_assertion",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["auth_client.client_id"],
            name=op.f("fk_auth_client_assertion_client_id"),
        ),
        sa.PrimaryKeyConstraint("client_id", "jti_hash", name=op.f("pk_auth_client_assertion")),
    )
    op.create_table(
        "auth_pushed_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uri_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("parameters", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f("fk_auth_pushed_request_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_pushed_request")),
        sa.UniqueConstraint("uri_hash", name=op.f("uq_auth_pushed_request_uri_hash")),
    )
    op.create_table(
        "auth_device_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_index", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("interval", sa.SmallInteger(), nullable=False),
        sa.Column("polled_at", MOMENT, nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("declined_at", MOMENT, nullable=True),
        sa.Column("redeemed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f("fk_auth_device_request_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_session.id"], name=op.f("fk_auth_device_request_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_device_request")),
        sa.UniqueConstraint(
            "device_code_hash", name=op.f("uq_auth_device_request_device_code_hash")
        ),
    )
    op.create_index(
        "ix_auth_device_request_user_code_index", "auth_device_request", ["user_code_index"]
    )
    for table in ("auth_client_assertion", "auth_pushed_request", "auth_device_request"):
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def downgrade() -> None:
    """Undo; applications of the new kinds, their tokens and all but one key an algorithm go."""
    op.drop_table("auth_logout_notice")
    for table in ("auth_device_request", "auth_pushed_request", "auth_client_assertion"):
        op.drop_table(table)
    for column in ("expires_at", "session_id"):
        op.drop_index(f"ix_auth_token_{column}", "auth_token")
    op.execute("DELETE FROM auth_token WHERE account_id IS NULL")
    op.drop_constraint(op.f("ck_auth_token_has_a_holder"), "auth_token", type_="check")
    op.alter_column("auth_token", "account_id", nullable=False)
    op.add_column(
        "auth_authorization_code", sa.Column("access_token_hash", sa.LargeBinary(), nullable=True)
    )
    op.execute(
        "UPDATE auth_authorization_code AS code SET access_token_hash = token_hash"
        " FROM auth_token WHERE grant_id = code.id"
    )
    for table in ("auth_authorization_code", "auth_token"):
        op.drop_column(table, "claims")
    op.drop_column("auth_token", "grant_id")
    op.drop_table("auth_refresh_token")
    op.drop_table("auth_refresh_family")
    _one_key_an_algorithm()
    _clients_of_before()


def _one_key_an_algorithm() -> None:
    op.execute(
        "DELETE FROM auth_signing_key AS key USING auth_signing_key AS newer WHERE"
        " newer.algorithm = key.algorithm"
        " AND (newer.active_at, newer.kid) > (key.active_at, key.kid)"
    )
    op.drop_index("ix_auth_signing_key_algorithm_active_at", "auth_signing_key")
    op.create_unique_constraint(
        op.f("uq_auth_signing_key_algorithm"), "auth_signing_key", ["algorithm"]
    )
    op.drop_column("auth_signing_key", "active_at")


def _clients_of_before() -> None:
    # One that signs would count as public: nobody asks it for a secret.
    gone = (
        "SELECT client_id FROM auth_client WHERE cardinality(redirect_uris) = 0 OR jwks IS NOT NULL"
    )
    for table in ("auth_token", "auth_consent", "auth_authorization_code", "auth_client"):
        op.execute(f"DELETE FROM {table} WHERE client_id IN ({gone})")  # noqa: S608
    for name in ("old_secret", "one_credential", "grants", "redirect_uris"):
        op.drop_constraint(op.f(f"ck_auth_client_{name}"), "auth_client", type_="check")
    op.create_check_constraint(
        op.f("ck_auth_client_redirect_uris"), "auth_client", "cardinality(redirect_uris) > 0"
    )
    for name in (
        "guarded_scopes", "service_scopes", "grants", "require_par", "backchannel_logout_uri",
        "jwks", "old_secret_ends_at", "old_secret_hash",
    ):  # fmt: skip
        op.drop_column("auth_client", name)
