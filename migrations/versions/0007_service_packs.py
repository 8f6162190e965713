"""service_packs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "service_packs_group",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_packs_group")),
    )
    op.create_table(
        "service_packs_item",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price_fen", sa.Integer(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("unit_price_fen >= 0", name=op.f("ck_service_packs_item_unit_price")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_packs_item")),
    )
    op.create_table(
        "service_packs_pack",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("list_price_fen", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("public_health_fen", sa.Integer(), nullable=False),
        sa.Column("insurance_fen", sa.Integer(), nullable=False),
        sa.Column("person_fen", sa.Integer(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "tier IN ('basic', 'primary', 'intermediate', 'advanced')",
            name=op.f("ck_service_packs_pack_tier"),
        ),
        sa.CheckConstraint(
            "list_price_fen >= price_fen", name=op.f("ck_service_packs_pack_list_price")
        ),
        sa.CheckConstraint(
            "public_health_fen + insurance_fen + person_fen = price_fen",
            name=op.f("ck_service_packs_pack_parts_add_up"),
        ),
        sa.CheckConstraint(
            "public_health_fen >= 0 AND insurance_fen >= 0 AND person_fen >= 0",
            name=op.f("ck_service_packs_pack_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["group_code"],
            ["service_packs_group.code"],
            name=op.f("fk_service_packs_pack_group_code"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_packs_pack")),
    )
    op.create_index(
        "ix_service_packs_pack_group_code", "service_packs_pack", ["group_code"], unique=False
    )
    op.create_table(
        "service_packs_pack_item",
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("times_per_year", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("times_per_year > 0", name=op.f("ck_service_packs_pack_item_times")),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["service_packs_item.code"],
            name=op.f("fk_service_packs_pack_item_item_code"),
        ),
        sa.ForeignKeyConstraint(
            ["pack_code"],
            ["service_packs_pack.code"],
            name=op.f("fk_service_packs_pack_item_pack_code"),
        ),
        sa.PrimaryKeyConstraint("pack_code", "item_code", name=op.f("pk_service_packs_pack_item")),
    )
    op.create_table(
        "service_packs_entitlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "source IN ('order', 'contract')", name=op.f("ck_service_packs_entitlement_source")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_service_packs_entitlement_term")),
        sa.ForeignKeyConstraint(
            ["pack_code"],
            ["service_packs_pack.code"],
            name=op.f("fk_service_packs_entitlement_pack_code"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_service_packs_entitlement_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_service_packs_entitlement_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_packs_entitlement")),
        sa.UniqueConstraint(
            "source",
            "source_id",
            "pack_code",
            name=op.f("uq_service_packs_entitlement_source_source_id_pack_code"),
        ),
    )
    op.create_index(
        "ix_service_packs_entitlement_person_id",
        "service_packs_entitlement",
        ["person_id", "ends_on"],
        unique=False,
    )
    op.create_index(
        "ix_service_packs_entitlement_team_id",
        "service_packs_entitlement",
        ["team_id", "person_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "service_packs_entitlement_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("times_total", sa.SmallInteger(), nullable=False),
        sa.Column("times_used", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "times_used BETWEEN 0 AND times_total",
            name=op.f("ck_service_packs_entitlement_item_times"),
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"],
            ["service_packs_entitlement.id"],
            name=op.f("fk_service_packs_entitlement_item_entitlement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["service_packs_item.code"],
            name=op.f("fk_service_packs_entitlement_item_item_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_packs_entitlement_item")),
        sa.UniqueConstraint(
            "entitlement_id",
            "item_code",
            name=op.f("uq_service_packs_entitlement_item_entitlement_id_item_code"),
        ),
    )
    op.create_table(
        "service_packs_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("public_health_fen", sa.Integer(), nullable=False),
        sa.Column("insurance_fen", sa.Integer(), nullable=False),
        sa.Column("person_fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('cancelled', 'expired'))",
            name=op.f("ck_service_packs_order_closed"),
        ),
        sa.CheckConstraint(
            "(paid_at IS NOT NULL) = (state = 'paid')", name=op.f("ck_service_packs_order_paid")
        ),
        sa.CheckConstraint(
            "state IN ('pending_payment', 'paid', 'cancelled', 'expired')",
            name=op.f("ck_service_packs_order_state"),
        ),
        sa.CheckConstraint(
            "public_health_fen + insurance_fen + person_fen = price_fen",
            name=op.f("ck_service_packs_order_parts_add_up"),
        ),
        sa.CheckConstraint(
            "public_health_fen >= 0 AND insurance_fen >= 0 AND person_fen >= 0",
            name=op.f("ck_service_packs_order_parts"),
        ),
        sa.ForeignKeyConstraint(
            ["pack_code"],
            ["service_packs_pack.code"],
            name=op.f("fk_service_packs_order_pack_code"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments_payment.id"], name=op.f("fk_service_packs_order_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_service_packs_order_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_packs_order")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_service_packs_order_payment_id")),
    )
    op.create_index(
        "ix_service_packs_order_paid_at",
        "service_packs_order",
        ["paid_at", "division_code"],
        unique=False,
    )
    op.create_index(
        "ix_service_packs_order_pay_by",
        "service_packs_order",
        ["pay_by"],
        unique=False,
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.create_index(
        "ix_service_packs_order_person_id",
        "service_packs_order",
        ["person_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "uq_service_packs_order_unpaid",
        "service_packs_order",
        ["person_id", "pack_code"],
        unique=True,
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.create_table(
        "service_packs_service_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.Column("performed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dispute_reason", sa.LargeBinary(), nullable=True),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(confirmed_at IS NOT NULL) = (state = 'confirmed')",
            name=op.f("ck_service_packs_service_record_confirmed"),
        ),
        sa.CheckConstraint(
            "state <> 'disputed' OR dispute_reason IS NOT NULL",
            name=op.f("ck_service_packs_service_record_disputed"),
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'confirmed', 'disputed')",
            name=op.f("ck_service_packs_service_record_state"),
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_item_id"],
            ["service_packs_entitlement_item.id"],
            name=op.f("fk_service_packs_service_record_entitlement_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["service_packs_item.code"],
            name=op.f("fk_service_packs_service_record_item_code"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_service_packs_service_record_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["directory_staff.id"],
            name=op.f("fk_service_packs_service_record_staff_id"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_service_packs_service_record_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_packs_service_record")),
    )
    op.create_index(
        "ix_service_packs_service_record_entitlement_item_id",
        "service_packs_service_record",
        ["entitlement_item_id"],
        unique=False,
    )
    op.create_index(
        "ix_service_packs_service_record_performed_at",
        "service_packs_service_record",
        ["performed_at", "division_code"],
        unique=False,
    )
    op.create_index(
        "ix_service_packs_service_record_person_id",
        "service_packs_service_record",
        ["person_id", "performed_at"],
        unique=False,
    )
    op.create_index(
        "ix_service_packs_service_record_team_id",
        "service_packs_service_record",
        ["team_id", "performed_at"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "ix_service_packs_service_record_team_id", table_name="service_packs_service_record"
    )
    op.drop_index(
        "ix_service_packs_service_record_person_id", table_name="service_packs_service_record"
    )
    op.drop_index(
        "ix_service_packs_service_record_performed_at", table_name="service_packs_service_record"
    )
    op.drop_index(
        "ix_service_packs_service_record_entitlement_item_id",
        table_name="service_packs_service_record",
    )
    op.drop_table("service_packs_service_record")
    op.drop_index(
        "uq_service_packs_order_unpaid",
        table_name="service_packs_order",
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.drop_index("ix_service_packs_order_person_id", table_name="service_packs_order")
    op.drop_index(
        "ix_service_packs_order_pay_by",
        table_name="service_packs_order",
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.drop_index("ix_service_packs_order_paid_at", table_name="service_packs_order")
    op.drop_table("service_packs_order")
    op.drop_table("service_packs_entitlement_item")
    op.drop_index(
        "ix_service_packs_entitlement_team_id",
        table_name="service_packs_entitlement",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_service_packs_entitlement_person_id", table_name="service_packs_entitlement")
    op.drop_table("service_packs_entitlement")
    op.drop_table("service_packs_pack_item")
    op.drop_index("ix_service_packs_pack_group_code", table_name="service_packs_pack")
    op.drop_table("service_packs_pack")
    op.drop_table("service_packs_item")
    op.drop_table("service_packs_group")
