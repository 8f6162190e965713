"""What is offered: slots that are stopped, and weekly clinics one after the other."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLE = "appointments_template"
PERIOD = "daterange(valid_from, valid_until, '[]')"
DOCTOR = ("staff_id",)
CLINIC = ("department_id", "clinic_name")
HALF_DAY = ("weekday", "half_day")


def upgrade() -> None:
    """A slot says itself that it is stopped, as a booking waits for the slot and not for its
    session. Two weekly clinics may fill the same half-day where the one ends before the other
    begins.
    """
    op.add_column(
        "appointments_slot",
        sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(
        "UPDATE appointments_slot SET stopped = true FROM appointments_session AS clinic"
        " WHERE clinic.id = session_id AND clinic.stopped_at IS NOT NULL"
    )
    for name, columns in (("doctor", DOCTOR), ("clinic", CLINIC)):
        op.drop_constraint(f"uq_{TABLE}_{name}_half_day", TABLE)
        equal = ", ".join(f"{column} WITH =" for column in (*columns, *HALF_DAY))
        op.execute(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT ex_{TABLE}_{name}_half_day EXCLUDE USING gist"
            f" ({equal}, {PERIOD} WITH &&) WHERE (disabled_at IS NULL)"
        )
    op.create_index(
        "ix_appointments_session_template_id", "appointments_session", ["template_id", "date"]
    )


def downgrade() -> None:
    """Undo: of several weekly clinics in one half-day the latest stays."""
    op.drop_index("ix_appointments_session_template_id", "appointments_session")
    for name in ("doctor", "clinic"):
        op.drop_constraint(f"ex_{TABLE}_{name}_half_day", TABLE)
    op.execute(
        f"CREATE TEMP TABLE surplus ON COMMIT DROP AS SELECT id FROM ("  # noqa: S608  our own names
        " SELECT id, row_number() OVER (PARTITION BY staff_id, department_id, clinic_name, weekday,"
        " half_day ORDER BY disabled_at DESC NULLS FIRST, valid_from DESC NULLS LAST, id) AS place"
        f" FROM {TABLE}) AS ordered WHERE place > 1"
    )
    op.execute(
        "UPDATE appointments_session SET template_id = NULL"
        " WHERE template_id IN (SELECT id FROM surplus)"
    )
    op.execute("DELETE FROM appointments_exception WHERE template_id IN (SELECT id FROM surplus)")
    op.execute(f"DELETE FROM {TABLE} WHERE id IN (SELECT id FROM surplus)")  # noqa: S608  as above
    for name, columns in (("doctor", DOCTOR), ("clinic", CLINIC)):
        op.create_unique_constraint(f"uq_{TABLE}_{name}_half_day", TABLE, [*columns, *HALF_DAY])
    op.drop_column("appointments_slot", "stopped")
