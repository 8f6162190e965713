"""notifications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notifications_message",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_notifications_message_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications_message")),
    )
    op.create_index(
        "ix_notifications_message_person_id",
        "notifications_message",
        ["person_id", "created_at"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_notifications_message_person_id", table_name="notifications_message")
    op.drop_table("notifications_message")
