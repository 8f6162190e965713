"""auth: signing in with other institutions' accounts; applications with a place, a tile, a use."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROLES = (
    "'resident', 'leader', 'member', 'registrar', 'administrator', 'analyst', 'security', 'auditor'"
)
TEXTS = sa.ARRAY(sa.Text())
NONE = sa.text("'{}'")


def upgrade() -> None:
    """Apply."""
    _give_applications_a_place()
    op.create_table(
        "auth_client_use",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sign_ins", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "day", "account_id", name=op.f("pk_auth_client_use")),
        _foreign("auth_client_use", "client_id", "auth_client.client_id"),
        _foreign("auth_client_use", "account_id", "auth_account.id"),
    )
    _create_upstreams()
    _create_identities()
    _create_attempts()


def downgrade() -> None:
    """Undo; roles that a provider's claim gave stay, as if given by hand."""
    for table in ("arrival", "attempt", "grant", "identity", "role"):
        op.drop_table(f"auth_upstream_{table}")
    op.drop_table("auth_upstream")
    op.drop_table("auth_client_use")
    op.drop_index("ix_auth_client_unit", "auth_client")
    op.drop_constraint(op.f("ck_auth_client_audience"), "auth_client", type_="check")
    for column in ("version", "disabled_at", "unit", "audience", "launch_url", "icon", "id"):
        op.drop_column("auth_client", column)


def _give_applications_a_place() -> None:
    for column in (
        sa.Column("id", sa.Uuid(), nullable=True),
        sa.Column("icon", sa.Text(), nullable=False, server_default="apps"),
        sa.Column("launch_url", sa.Text(), nullable=True),
        sa.Column("audience", TEXTS, nullable=False, server_default=NONE),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False, server_default="1"),
    ):
        op.add_column("auth_client", column)
    op.execute("UPDATE auth_client SET id = gen_random_uuid()")
    op.alter_column("auth_client", "id", nullable=False)
    op.create_unique_constraint(op.f("uq_auth_client_id"), "auth_client", ["id"])
    op.create_check_constraint(
        op.f("ck_auth_client_audience"), "auth_client", f"audience <@ ARRAY[{ROLES}]"
    )
    op.create_index("ix_auth_client_unit", "auth_client", ["unit"])


def _create_upstreams() -> None:
    op.create_table(
        "auth_upstream",
        _id(),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("linking", sa.Boolean(), nullable=False),
        sa.Column("just_in_time", sa.Boolean(), nullable=False),
        sa.Column("role_claim", sa.Text(), nullable=True),
        sa.Column("two_factor_values", TEXTS, nullable=False),
        sa.Column("phishing_resistant_values", TEXTS, nullable=False),
        _moment("disabled_at", nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_upstream")),
        sa.UniqueConstraint("issuer", name=op.f("uq_auth_upstream_issuer")),
    )
    op.create_table(
        "auth_upstream_role",
        _id(),
        sa.Column("upstream_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('registrar', 'analyst')", name=op.f("ck_auth_upstream_role_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_upstream_role")),
        sa.UniqueConstraint(
            "upstream_id", "value", "role", "unit", name="uq_auth_upstream_role_rule"
        ),
        _foreign("auth_upstream_role", "upstream_id", "auth_upstream.id"),
    )


def _create_identities() -> None:
    op.create_table(
        "auth_upstream_identity",
        _id(),
        sa.Column("upstream_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        _moment("linked_at"),
        _moment("used_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_upstream_identity")),
        sa.UniqueConstraint("upstream_id", "subject", name="uq_auth_upstream_identity_subject"),
        sa.UniqueConstraint("upstream_id", "account_id", name="uq_auth_upstream_identity_account"),
        _foreign("auth_upstream_identity", "upstream_id", "auth_upstream.id"),
        _foreign("auth_upstream_identity", "account_id", "auth_account.id"),
    )
    op.create_index(
        "ix_auth_upstream_identity_account_id", "auth_upstream_identity", ["account_id"]
    )
    op.create_table(
        "auth_upstream_grant",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_auth_upstream_grant")),
        _foreign("auth_upstream_grant", "grant_id", "auth_role_grant.id"),
        _foreign(
            "auth_upstream_grant", "identity_id", "auth_upstream_identity.id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_auth_upstream_grant_identity_id", "auth_upstream_grant", ["identity_id"])


def _create_attempts() -> None:
    op.create_table(
        "auth_upstream_attempt",
        _id(),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("upstream_id", sa.Uuid(), nullable=False),
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_verifier", sa.LargeBinary(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("joining", sa.Uuid(), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("redeemed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_upstream_attempt")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_auth_upstream_attempt_state_hash")),
        _foreign("auth_upstream_attempt", "upstream_id", "auth_upstream.id"),
        _foreign("auth_upstream_attempt", "joining", "auth_account.id"),
    )
    op.create_index("ix_auth_upstream_attempt_expires_at", "auth_upstream_attempt", ["expires_at"])
    op.create_table(
        "auth_upstream_arrival",
        _id(),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("upstream_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("roles", TEXTS, nullable=False),
        sa.Column("assurance", sa.SmallInteger(), nullable=False),
        _moment("authenticated_at"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("settled_at", nullable=True),
        sa.CheckConstraint(
            "assurance BETWEEN 1 AND 3", name=op.f("ck_auth_upstream_arrival_assurance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_upstream_arrival")),
        _foreign("auth_upstream_arrival", "upstream_id", "auth_upstream.id"),
    )
    op.create_index(
        "ix_auth_upstream_arrival_browser_hash", "auth_upstream_arrival", ["browser_hash"]
    )


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _foreign(
    table: str, column: str, target: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
