"""An adult may cease to act for a child by living with it."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

BAR = "residents_household_bar"


def upgrade() -> None:
    """Apply. Nobody ceases by it; who is bound by a document acts by that alone from now on."""
    op.create_table(
        BAR,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.Column("paper_number", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=False),
        sa.Column("ended_by_name", sa.Text(), nullable=False),
        sa.CheckConstraint("person_id <> adult_id", name=op.f(f"ck_{BAR}_other")),
        sa.CheckConstraint("side IN ('parent', 'self', 'staff')", name=op.f(f"ck_{BAR}_side")),
        sa.CheckConstraint(
            "paper IN ('court', 'divorce', 'guardianship', 'household_book', 'other')",
            name=op.f(f"ck_{BAR}_paper"),
        ),
        sa.CheckConstraint(
            "side <> 'staff' OR num_nulls(reason, paper, paper_number) = 0",
            name=op.f(f"ck_{BAR}_staff"),
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{BAR}_{name}"))
            for name, target in (
                ("person_id", "residents_person"),
                ("adult_id", "residents_person"),
                ("ended_by", "auth_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{BAR}")),
        sa.UniqueConstraint("person_id", "adult_id", name=op.f(f"uq_{BAR}_person_id_adult_id")),
    )
    op.create_index(op.f(f"ix_{BAR}_adult_id"), BAR, ["adult_id"])
    op.create_index(
        "ix_residents_representation_child",
        "residents_representation",
        ["person_id", "representative_id"],
        postgresql_where=sa.text("basis = 'child'"),
    )


def downgrade() -> None:
    """Undo. Who ceased acts again by living with the child."""
    op.drop_index("ix_residents_representation_child", "residents_representation")
    op.drop_table(BAR)
