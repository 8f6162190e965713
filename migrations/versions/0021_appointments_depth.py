"""Appointments in depth: pools, holds, exceptions, holidays, waiting, suspensions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

RULE = {
    "by_kind": "'{}'",
    "proxies_limit": "6",
    "family_doctor_share": "0",
    "referral_share": "0",
    "onsite_share": "0",
    "elderly_share": "0",
    "reserved_hours": "48",
    "hold_minutes": "15",
    "waitlist_limit": "2",
    "offer_minutes": "20",
    "no_show_max": "3",
    "no_show_days": "180",
    "suspend_days": "90",
    "late_cancel_percent": "50",
    "early_minutes": "60",
    "grace_minutes": "30",
    "queue_minutes": "0",
    "queue_rate": "20",
}
RULE_CHECKS = {
    "shares": "LEAST(family_doctor_share, referral_share, onsite_share, elderly_share) >= 0"
    " AND family_doctor_share + referral_share + onsite_share + elderly_share <= 100",
    "holds": "hold_minutes BETWEEN 1 AND 120 AND offer_minutes BETWEEN 1 AND 240",
    "no_shows": "no_show_max >= 1 AND no_show_days >= 1 AND suspend_days >= 1"
    " AND late_cancel_percent BETWEEN 0 AND 100",
    "queue": "queue_minutes BETWEEN 0 AND 240 AND queue_rate >= 1",
}
KINDS = "kind IN ('general', 'specialist', 'expert'{more})"
MORE_KINDS = ", 'health_check', 'admission', 'vaccination', 'online'"
POOLS = ("family_doctor", "referral", "onsite", "elderly", "waitlist")
SLOT_CHECKS = {
    "pools": "LEAST(taken, remaining, family_doctor, referral, onsite, elderly, waitlist) >= 0",
    "places": "taken + remaining + family_doctor + referral + onsite + elderly + waitlist"
    " = capacity",
}
STATES = "state IN ({held}'booked', 'cancelled', 'attended', 'no_show')"
BOOKING_CHECKS = {
    "pool": "pool IN ('public', 'family_doctor', 'referral', 'onsite', 'elderly', 'waitlist')",
    "source": "source IN ('own', 'family', 'family_doctor', 'referral', 'waitlist', 'desk',"
    " 'phone', 'hospital')",
    "cancelled": "(state = 'cancelled') = (cancelled_at IS NOT NULL)"
    " AND (state = 'cancelled') = (because IS NOT NULL)",
    "held": "(state = 'held') = (held_until IS NOT NULL)",
    "because": "because IN ('patient', 'late', 'expired', 'changed', 'refused', 'stopped',"
    " 'hospital')",
}


def upgrade() -> None:
    """Apply."""
    _rules()
    _templates()
    _sessions()
    _slots()
    _bookings()
    _waits()
    _suspensions()


def _rules() -> None:
    for name, default in RULE.items():
        kind = postgresql.JSONB() if name == "by_kind" else sa.SmallInteger()
        _add("appointments_rule", name, kind, default)
    op.add_column(
        "appointments_rule",
        sa.Column("version", sa.SmallInteger(), nullable=False, server_default="1"),
    )
    op.execute(
        "UPDATE appointments_rule SET by_kind = jsonb_build_object('expert',"
        " jsonb_build_object('horizon_days', expert_horizon_days))"
        " WHERE expert_horizon_days <> horizon_days"
    )
    op.drop_constraint("ck_appointments_rule_expert_horizon", "appointments_rule")
    op.drop_column("appointments_rule", "expert_horizon_days")
    _check("appointments_rule", RULE_CHECKS)


def _templates() -> None:
    _widen("appointments_template", MORE_KINDS)
    _add("appointments_template", "on_holidays", sa.Boolean(), "false")
    op.add_column("appointments_template", sa.Column("valid_from", sa.Date()))
    op.add_column("appointments_template", sa.Column("valid_until", sa.Date()))
    op.add_column(
        "appointments_template",
        sa.Column("version", sa.SmallInteger(), nullable=False, server_default="1"),
    )
    op.create_table(
        "appointments_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "capacity BETWEEN 1 AND 200", name=op.f("ck_appointments_exception_capacity")
        ),
        sa.CheckConstraint(
            "template_id IS NOT NULL OR capacity IS NULL",
            name=op.f("ck_appointments_exception_whole_day"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["appointments_rule.institution_id"],
            name=op.f("fk_appointments_exception_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["appointments_template.id"],
            name=op.f("fk_appointments_exception_template_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_exception")),
    )
    op.create_index(
        "uq_appointments_exception_template_id_date",
        "appointments_exception",
        ["template_id", "date"],
        unique=True,
        postgresql_where=sa.text("template_id IS NOT NULL"),
    )
    op.create_index(
        "uq_appointments_exception_institution_id_date",
        "appointments_exception",
        ["institution_id", "date"],
        unique=True,
        postgresql_where=sa.text("template_id IS NULL"),
    )
    op.create_table(
        "appointments_holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_appointments_holiday")),
    )


def _sessions() -> None:
    _widen("appointments_session", MORE_KINDS)
    for column in (
        sa.Column("template_id", sa.Uuid()),
        sa.Column("external_id", sa.Text()),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("appointments_session", column)
    _add("appointments_session", "stop_reason", sa.Text(), "''")
    _add("appointments_session", "pause_reason", sa.Text(), "''")
    op.create_foreign_key(
        op.f("fk_appointments_session_template_id"),
        "appointments_session",
        "appointments_template",
        ["template_id"],
        ["id"],
    )
    op.create_unique_constraint(
        op.f("uq_appointments_session_institution_id_external_id"),
        "appointments_session",
        ["institution_id", "external_id"],
    )
    op.create_index(
        "ix_appointments_session_institution_id_date",
        "appointments_session",
        ["institution_id", "date"],
    )


def _slots() -> None:
    op.drop_constraint("ck_appointments_slot_issued", "appointments_slot")
    op.drop_constraint("ck_appointments_slot_remaining", "appointments_slot")
    for name in POOLS:
        _add("appointments_slot", name, sa.SmallInteger(), "0")
    op.add_column("appointments_slot", sa.Column("taken", sa.SmallInteger()))
    op.add_column("appointments_slot", sa.Column("reserved_until", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE appointments_slot SET taken = capacity - remaining,"
        " reserved_until = starts_at - interval '48 hours'"
    )
    op.alter_column("appointments_slot", "taken", nullable=False)
    op.alter_column("appointments_slot", "reserved_until", nullable=False)
    _check("appointments_slot", SLOT_CHECKS | {"issued": "issued >= taken"})
    op.create_index(
        "ix_appointments_slot_reserved_until",
        "appointments_slot",
        ["reserved_until"],
        postgresql_where=sa.text("family_doctor + referral > 0"),
    )
    op.create_index(
        "ix_appointments_slot_waitlist",
        "appointments_slot",
        ["session_id"],
        postgresql_where=sa.text("waitlist > 0"),
    )


def _bookings() -> None:
    op.drop_constraint("ck_appointments_booking_state", "appointments_booking")
    op.drop_constraint("ck_appointments_booking_cancelled", "appointments_booking")
    for name, default in (("pool", "public"), ("source", "own")):
        op.add_column(
            "appointments_booking",
            sa.Column(name, sa.Text(), nullable=False, server_default=default),
        )
    for column in (
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("because", sa.Text()),
        sa.Column("changed_from", sa.Uuid()),
    ):
        op.add_column("appointments_booking", column)
    op.execute("UPDATE appointments_booking SET because = 'patient' WHERE state = 'cancelled'")
    _check("appointments_booking", BOOKING_CHECKS | {"state": STATES.format(held="'held', ")})
    op.create_index(
        "ix_appointments_booking_held_until",
        "appointments_booking",
        ["held_until"],
        postgresql_where=sa.text("state = 'held'"),
    )


def _waits() -> None:
    op.create_table(
        "appointments_wait",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offers_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'lapsed', 'left', 'closed')",
            name=op.f("ck_appointments_wait_state"),
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 3", name=op.f("ck_appointments_wait_priority")),
        sa.CheckConstraint(
            "(state IN ('offered', 'taken', 'lapsed')) = (booking_id IS NOT NULL)",
            name=op.f("ck_appointments_wait_offer"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["appointments_session.id"],
            name=op.f("fk_appointments_wait_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_appointments_wait_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_appointments_wait_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["appointments_booking.id"],
            name=op.f("fk_appointments_wait_booking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_wait")),
    )
    op.create_index(
        "uq_appointments_wait_session_id_person_id",
        "appointments_wait",
        ["session_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_index(
        "ix_appointments_wait_order",
        "appointments_wait",
        ["session_id", "priority", "created_at", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_appointments_wait_person_id", "appointments_wait", ["person_id", "state"])
    op.create_index(
        "ix_appointments_wait_booking_id", "appointments_wait", ["booking_id"], unique=True
    )


def _suspensions() -> None:
    op.create_table(
        "appointments_suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.CheckConstraint("since < until", name=op.f("ck_appointments_suspension_period")),
        sa.CheckConstraint(
            "num_nonnulls(decided_at, decided_by) IN (0, 2)",
            name=op.f("ck_appointments_suspension_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_appointments_suspension_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_suspension_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["auth_account.id"], name=op.f("fk_appointments_suspension_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_suspension")),
    )
    op.create_index(
        "ix_appointments_suspension_person_id",
        "appointments_suspension",
        ["person_id", "institution_id", "until"],
    )
    op.create_index(
        "ix_appointments_suspension_institution_id",
        "appointments_suspension",
        ["institution_id", "appealed_at"],
        postgresql_where=sa.text("appealed_at IS NOT NULL AND decided_at IS NULL"),
    )


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str) -> None:
    """A column that every row has; the default is for the rows that are there."""
    column = sa.Column(name, kind, nullable=False, server_default=sa.text(default))
    op.add_column(table, column)
    op.alter_column(table, name, server_default=None)


def _check(table: str, checks: dict[str, str]) -> None:
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _widen(table: str, more: str) -> None:
    op.drop_constraint(f"ck_{table}_kind", table)
    _check(table, {"kind": KINDS.format(more=more)})


def downgrade() -> None:
    """Undo: places of all pools become the public's, held places go back, new kinds are general."""
    op.drop_table("appointments_suspension")
    op.drop_table("appointments_wait")
    _undo_bookings()
    op.drop_index("ix_appointments_slot_waitlist", "appointments_slot")
    op.drop_index("ix_appointments_slot_reserved_until", "appointments_slot")
    for name in (*SLOT_CHECKS, "issued"):
        op.drop_constraint(f"ck_appointments_slot_{name}", "appointments_slot")
    op.execute("UPDATE appointments_slot SET remaining = capacity - taken")
    for name in (*POOLS, "taken", "reserved_until"):
        op.drop_column("appointments_slot", name)
    _check(
        "appointments_slot",
        {
            "remaining": "remaining BETWEEN 0 AND capacity",
            "issued": "issued >= capacity - remaining",
        },
    )
    _undo_supply()


def _undo_bookings() -> None:
    op.execute(
        "UPDATE appointments_slot SET taken = taken - held, remaining = remaining + held FROM"
        " (SELECT slot_id, count(*) AS held FROM appointments_booking WHERE state = 'held'"
        " GROUP BY slot_id) AS holding WHERE slot_id = id"
    )
    op.drop_index("ix_appointments_booking_held_until", "appointments_booking")
    for name in (*BOOKING_CHECKS, "state"):
        op.drop_constraint(f"ck_appointments_booking_{name}", "appointments_booking")
    op.execute(
        "UPDATE appointments_booking SET state = 'cancelled', cancelled_at = now()"
        " WHERE state = 'held'"
    )
    for name in ("pool", "source", "held_until", "because", "changed_from"):
        op.drop_column("appointments_booking", name)
    _check(
        "appointments_booking",
        {
            "cancelled": "(state = 'cancelled') = (cancelled_at IS NOT NULL)",
            "state": STATES.format(held=""),
        },
    )


def _undo_supply() -> None:
    op.drop_index("ix_appointments_session_institution_id_date", "appointments_session")
    op.drop_constraint("uq_appointments_session_institution_id_external_id", "appointments_session")
    op.drop_constraint("fk_appointments_session_template_id", "appointments_session")
    for name in (
        "template_id", "external_id", "stopped_at", "paused_at", "stop_reason", "pause_reason"
    ):  # fmt: skip
        op.drop_column("appointments_session", name)
    op.drop_table("appointments_holiday")
    op.drop_table("appointments_exception")
    for name in ("on_holidays", "valid_from", "valid_until", "version"):
        op.drop_column("appointments_template", name)
    for table in ("appointments_session", "appointments_template"):
        op.drop_constraint(f"ck_{table}_kind", table)
        op.execute(f"UPDATE {table} SET kind = 'general' WHERE kind IN ({MORE_KINDS[2:]})")  # noqa: S608  our own constants
        _check(table, {"kind": KINDS.format(more="")})
    for name in RULE_CHECKS:
        op.drop_constraint(f"ck_appointments_rule_{name}", "appointments_rule")
    op.add_column("appointments_rule", sa.Column("expert_horizon_days", sa.SmallInteger()))
    op.execute(
        "UPDATE appointments_rule SET expert_horizon_days ="
        " coalesce((by_kind -> 'expert' ->> 'horizon_days')::smallint, horizon_days)"
    )
    op.alter_column("appointments_rule", "expert_horizon_days", nullable=False)
    _check("appointments_rule", {"expert_horizon": "expert_horizon_days BETWEEN 1 AND 60"})
    for name in (*RULE, "version"):
        op.drop_column("appointments_rule", name)
