"""Labels that records speak for are proposed to a doctor, by rules that come with the norms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

VERSION, PROPOSAL = "family_doctor_norm_version", "family_doctor_label_proposal"


def upgrade() -> None:
    """Apply. Norms that are there have no rules; the next version brings them."""
    rules = sa.Column("screening", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    op.add_column(VERSION, rules)
    op.create_table(
        PROPOSAL,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("said_en", sa.Text(), nullable=False),
        sa.Column("records", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('confirmed', 'declined', 'open', 'void')", name=op.f(f"ck_{PROPOSAL}_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f(f"ck_{PROPOSAL}_decided")
        ),
        sa.CheckConstraint(
            "(state = 'declined') = (reason IS NOT NULL)", name=op.f(f"ck_{PROPOSAL}_reason")
        ),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{PROPOSAL}_{name}"))
            for name, target in (
                ("person_id", "residents_person.id"),
                ("group_code", "service_packs_group.code"),
                ("decided_by", "auth_account.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PROPOSAL}")),
    )
    op.create_index(
        f"uq_{PROPOSAL}_person_id",
        PROPOSAL,
        ["person_id", "group_code"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    """Undo. What was confirmed stays a label."""
    op.drop_table(PROPOSAL)
    op.drop_column(VERSION, "screening")
