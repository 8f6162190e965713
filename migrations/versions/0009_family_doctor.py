"""family_doctor."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "family_doctor_contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("pack_name", sa.Text(), nullable=False),
        sa.Column("pack_name_en", sa.Text(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("public_health_fen", sa.Integer(), nullable=False),
        sa.Column("insurance_fen", sa.Integer(), nullable=False),
        sa.Column("person_fen", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="CNY", nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("end_note", sa.LargeBinary(), nullable=True),
        sa.Column("agreement_text", sa.LargeBinary(), nullable=True),
        sa.Column("agreement_digest", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'expired', 'rejected', 'terminated')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_family_doctor_contract_ended"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('active', 'expiring')) OR (signed_at IS NOT NULL AND starts_on IS NOT NULL AND ends_on IS NOT NULL)",
            name=op.f("ck_family_doctor_contract_in_force"),
        ),
        sa.CheckConstraint(
            "NOT (state IN ('active', 'expiring', 'pending_signature')) OR accepted_at IS NOT NULL",
            name=op.f("ck_family_doctor_contract_accepted"),
        ),
        sa.CheckConstraint(
            "channel IN ('agent', 'card', 'invitation', 'on_site', 'portal', 'wechat_share')",
            name=op.f("ck_family_doctor_contract_channel"),
        ),
        sa.CheckConstraint(
            "end_reason IS NULL OR end_reason IN ('changed_team', 'deceased', 'expired', 'lost_contact', 'moved', 'not_answered', 'not_signed', 'other', 'own_wish', 'rejected', 'withdrawn')",
            name=op.f("ck_family_doctor_contract_end_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('active', 'applied', 'cancelled', 'expired', 'expiring', 'pending_signature', 'rejected', 'terminated')",
            name=op.f("ck_family_doctor_contract_state"),
        ),
        sa.CheckConstraint(
            "(agreement_text IS NULL) = (agreement_digest IS NULL)",
            name=op.f("ck_family_doctor_contract_agreement"),
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_family_doctor_contract_term")),
        sa.CheckConstraint(
            "price_fen = public_health_fen + insurance_fen + person_fen AND public_health_fen >= 0 AND insurance_fen >= 0 AND person_fen >= 0",
            name=op.f("ck_family_doctor_contract_payers"),
        ),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["directory_division.code"],
            name=op.f("fk_family_doctor_contract_division_code"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_family_doctor_contract_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["pack_code"],
            ["service_packs_pack.code"],
            name=op.f("fk_family_doctor_contract_pack_code"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_family_doctor_contract_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_contract_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_contract")),
    )
    op.create_index(
        "ix_family_doctor_contract_ends_on", "family_doctor_contract", ["ends_on"], unique=False
    )
    op.create_index(
        "ix_family_doctor_contract_person_id",
        "family_doctor_contract",
        ["person_id", "applied_at"],
        unique=False,
    )
    op.create_index(
        "ix_family_doctor_contract_team_id",
        "family_doctor_contract",
        ["team_id", "state", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_family_doctor_contract_live_person",
        "family_doctor_contract",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('active', 'applied', 'expiring', 'pending_signature')"),
    )
    op.create_table(
        "family_doctor_team_load",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_family_doctor_team_load_taken")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_family_doctor_team_load_team_id")
        ),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_family_doctor_team_load")),
    )
    op.create_table(
        "family_doctor_contract_transition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["auth_account.id"],
            name=op.f("fk_family_doctor_contract_transition_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["family_doctor_contract.id"],
            name=op.f("fk_family_doctor_contract_transition_contract_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_contract_transition")),
    )
    op.create_index(
        "ix_family_doctor_contract_transition_contract_id",
        "family_doctor_contract_transition",
        ["contract_id"],
        unique=False,
    )
    op.create_table(
        "family_doctor_obligation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("item_name", sa.Text(), nullable=False),
        sa.Column("item_name_en", sa.Text(), nullable=False),
        sa.Column("sequence", sa.SmallInteger(), nullable=False),
        sa.Column("times", sa.SmallInteger(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_record_id", sa.Uuid(), nullable=True),
        sa.Column("excused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(done_at IS NULL) = (service_record_id IS NULL)",
            name=op.f("ck_family_doctor_obligation_done"),
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR excused_at IS NULL",
            name=op.f("ck_family_doctor_obligation_excused"),
        ),
        sa.CheckConstraint("opens_on <= due_on", name=op.f("ck_family_doctor_obligation_window")),
        sa.CheckConstraint(
            "sequence BETWEEN 1 AND times", name=op.f("ck_family_doctor_obligation_sequence")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["family_doctor_contract.id"],
            name=op.f("fk_family_doctor_obligation_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"],
            ["service_packs_entitlement.id"],
            name=op.f("fk_family_doctor_obligation_entitlement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_record_id"],
            ["service_packs_service_record.id"],
            name=op.f("fk_family_doctor_obligation_service_record_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_doctor_obligation")),
        sa.UniqueConstraint(
            "entitlement_id",
            "item_code",
            "sequence",
            name=op.f("uq_family_doctor_obligation_entitlement_id_item_code_sequence"),
        ),
        sa.UniqueConstraint(
            "service_record_id", name=op.f("uq_family_doctor_obligation_service_record_id")
        ),
    )
    op.create_index(
        "ix_family_doctor_obligation_contract_id",
        "family_doctor_obligation",
        ["contract_id"],
        unique=False,
    )
    op.create_index(
        "ix_family_doctor_obligation_open",
        "family_doctor_obligation",
        ["team_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND excused_at IS NULL"),
    )
    op.create_index(
        "ix_family_doctor_obligation_team_id_due_on",
        "family_doctor_obligation",
        ["team_id", "due_on"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "ix_family_doctor_obligation_team_id_due_on", table_name="family_doctor_obligation"
    )
    op.drop_index(
        "ix_family_doctor_obligation_open",
        table_name="family_doctor_obligation",
        postgresql_where=sa.text("done_at IS NULL AND excused_at IS NULL"),
    )
    op.drop_index("ix_family_doctor_obligation_contract_id", table_name="family_doctor_obligation")
    op.drop_table("family_doctor_obligation")
    op.drop_index(
        "ix_family_doctor_contract_transition_contract_id",
        table_name="family_doctor_contract_transition",
    )
    op.drop_table("family_doctor_contract_transition")
    op.drop_table("family_doctor_team_load")
    op.drop_index(
        "uq_family_doctor_contract_live_person",
        table_name="family_doctor_contract",
        postgresql_where=sa.text("state IN ('active', 'applied', 'expiring', 'pending_signature')"),
    )
    op.drop_index("ix_family_doctor_contract_team_id", table_name="family_doctor_contract")
    op.drop_index("ix_family_doctor_contract_person_id", table_name="family_doctor_contract")
    op.drop_index("ix_family_doctor_contract_ends_on", table_name="family_doctor_contract")
    op.drop_table("family_doctor_contract")
