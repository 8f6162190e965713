"""The ways of signing: cards, invitations, shares, residents at a device of the staff."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None

# In the order in which they may be dropped.
TABLES = (
    "family_doctor_introduction",
    "family_doctor_presence",
    "family_doctor_invitation",
    "family_doctor_share",
    "family_doctor_card",
    "family_doctor_way_rule",
    "family_doctor_invitation_stop",
)


def upgrade() -> None:
    """Apply."""
    _stops()
    _rules()
    _cards()
    _shares()
    _invitations()
    _presences()
    _introductions()


def _stops() -> None:
    op.create_table(
        "family_doctor_invitation_stop",
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone_index", name=op.f("pk_family_doctor_invitation_stop")),
    )


def _rules() -> None:
    op.create_table(
        "family_doctor_way_rule",
        sa.Column("id", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("card_days", sa.SmallInteger(), server_default="90", nullable=False),
        sa.Column("invitation_days", sa.SmallInteger(), server_default="14", nullable=False),
        sa.Column("share_days", sa.SmallInteger(), server_default="30", nullable=False),
        sa.Column("invite_again_days", sa.SmallInteger(), server_default="30", nullable=False),
        sa.Column("invitations_per_day", sa.SmallInteger(), server_default="200", nullable=False),
        sa.Column("checks_per_day", sa.SmallInteger(), server_default="200", nullable=False),
        sa.Column("present_minutes", sa.SmallInteger(), server_default="30", nullable=False),
        sa.CheckConstraint(
            "card_days BETWEEN 1 AND 730 AND invitation_days BETWEEN 1 AND 90"
            " AND share_days BETWEEN 1 AND 365 AND invite_again_days BETWEEN 1 AND 365",
            name=op.f("ck_family_doctor_way_rule_days"),
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_family_doctor_way_rule_one")),
        sa.CheckConstraint(
            "invitations_per_day BETWEEN 0 AND 5000 AND checks_per_day BETWEEN 0 AND 5000",
            name=op.f("ck_family_doctor_way_rule_per_day"),
        ),
        sa.CheckConstraint(
            "present_minutes BETWEEN 1 AND 240",
            name=op.f("ck_family_doctor_way_rule_present_minutes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_way_rule")),
    )
    op.execute("INSERT INTO family_doctor_way_rule DEFAULT VALUES")


def _cards() -> None:
    op.create_table(
        "family_doctor_card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_name", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("expires_at > issued_at", name=op.f("ck_family_doctor_card_validity")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_family_doctor_card_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_card_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_card")),
    )
    op.create_index(
        "ix_family_doctor_card_account_id", "family_doctor_card", ["account_id"], unique=False
    )
    op.create_index(
        "ix_family_doctor_card_team_id",
        "family_doctor_card",
        ["team_id", "issued_at", "id"],
        unique=False,
    )


def _shares() -> None:
    op.create_table(
        "family_doctor_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (depth = 1) AND depth >= 1",
            name=op.f("ck_family_doctor_share_depth"),
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_family_doctor_share_parent")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_family_doctor_share_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["family_doctor_share.id"], name=op.f("fk_family_doctor_share_parent_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_share_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_share")),
        sa.UniqueConstraint(
            "team_id", "account_id", name=op.f("uq_family_doctor_share_team_id_account_id")
        ),
    )
    op.create_index(
        "ix_family_doctor_share_parent_id", "family_doctor_share", ["parent_id"], unique=False
    )


def _invitations() -> None:
    op.create_table(
        "family_doctor_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "expires_at > created_at", name=op.f("ck_family_doctor_invitation_validity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_family_doctor_invitation_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["family_doctor_contract.id"],
            name=op.f("fk_family_doctor_invitation_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_invitation_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_invitation")),
    )
    op.create_index(
        "ix_family_doctor_invitation_contract_id",
        "family_doctor_invitation",
        ["contract_id"],
        unique=False,
    )
    op.create_index(
        "ix_family_doctor_invitation_phone_index",
        "family_doctor_invitation",
        ["phone_index", "team_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_family_doctor_invitation_team_id",
        "family_doctor_invitation",
        ["team_id", "created_at", "id"],
        unique=False,
    )


def _presences() -> None:
    op.create_table(
        "family_doctor_presence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_number", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "evidence IN ('authorisation', 'household_book', 'id_card')",
            name=op.f("ck_family_doctor_presence_evidence"),
        ),
        sa.CheckConstraint(
            "expires_at > begun_at", name=op.f("ck_family_doctor_presence_validity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_family_doctor_presence_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["family_doctor_contract.id"],
            name=op.f("fk_family_doctor_presence_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_family_doctor_presence_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_presence_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_presence")),
    )


def _introductions() -> None:
    op.create_table(
        "family_doctor_introduction",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("for_another", sa.Boolean(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("share_id", sa.Uuid(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_number", sa.LargeBinary(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('agent', 'card', 'invitation', 'on_site', 'wechat_share')",
            name=op.f("ck_family_doctor_introduction_channel"),
        ),
        sa.CheckConstraint(
            "evidence IS NULL OR (evidence IN ('authorisation', 'household_book', 'id_card')"
            " AND channel IN ('agent', 'on_site'))",
            name=op.f("ck_family_doctor_introduction_evidence"),
        ),
        sa.CheckConstraint(
            "for_another = (channel IN ('agent', 'on_site'))",
            name=op.f("ck_family_doctor_introduction_for_another"),
        ),
        sa.CheckConstraint(
            "evidence IS NOT NULL OR evidence_number IS NULL",
            name=op.f("ck_family_doctor_introduction_number"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(card_id, invitation_id, share_id) <= 1",
            name=op.f("ck_family_doctor_introduction_one_link"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["auth_account.id"],
            name=op.f("fk_family_doctor_introduction_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["family_doctor_card.id"],
            name=op.f("fk_family_doctor_introduction_card_id"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["family_doctor_contract.id"],
            name=op.f("fk_family_doctor_introduction_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["family_doctor_invitation.id"],
            name=op.f("fk_family_doctor_introduction_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["share_id"],
            ["family_doctor_share.id"],
            name=op.f("fk_family_doctor_introduction_share_id"),
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_family_doctor_introduction")),
    )
    op.create_index(
        "ix_family_doctor_introduction_share_id",
        "family_doctor_introduction",
        ["share_id"],
        unique=False,
        postgresql_where=sa.text("share_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo."""
    for table in TABLES:
        op.drop_table(table)
