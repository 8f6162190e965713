"""residents."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "residents_household",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("village_code", sa.Text(), nullable=False),
        sa.Column("village_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents_household")),
    )
    op.create_table(
        "residents_person",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("id_index", sa.LargeBinary(), nullable=False),
        sa.Column("id_tail_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_residents_person_sex")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["residents_household.id"],
            name=op.f("fk_residents_person_household_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents_person")),
        sa.UniqueConstraint("id_index", name=op.f("uq_residents_person_id_index")),
    )
    op.create_index(
        "ix_residents_person_division_code",
        "residents_person",
        ["division_code", "id"],
        unique=False,
    )
    op.create_index(
        "ix_residents_person_household_id", "residents_person", ["household_id"], unique=False
    )
    op.create_index(
        "ix_residents_person_id_tail_index", "residents_person", ["id_tail_index"], unique=False
    )
    op.create_index("ix_residents_person_name", "residents_person", ["name"], unique=False)
    op.create_table(
        "residents_group_membership",
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_residents_group_membership_person_id"),
        ),
        sa.PrimaryKeyConstraint(
            "person_id", "group_code", name=op.f("pk_residents_group_membership")
        ),
    )
    op.create_index(
        "ix_residents_group_membership_group_code",
        "residents_group_membership",
        ["group_code"],
        unique=False,
    )
    # An account may be joined to the person it was proved to be.
    op.create_foreign_key(
        op.f("fk_auth_account_person_id"),
        "auth_account",
        "residents_person",
        ["person_id"],
        ["id"],
    )


def downgrade() -> None:
    """Undo."""
    op.drop_constraint(op.f("fk_auth_account_person_id"), "auth_account", type_="foreignkey")
    op.drop_index(
        "ix_residents_group_membership_group_code", table_name="residents_group_membership"
    )
    op.drop_table("residents_group_membership")
    op.drop_index("ix_residents_person_name", table_name="residents_person")
    op.drop_index("ix_residents_person_id_tail_index", table_name="residents_person")
    op.drop_index("ix_residents_person_household_id", table_name="residents_person")
    op.drop_index("ix_residents_person_division_code", table_name="residents_person")
    op.drop_table("residents_person")
    op.drop_table("residents_household")
