"""Norms, forms, follow-ups and plans, and what they ask of an obligation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OWED = "family_doctor_obligation"
VERSION, NORM, FORM = (
    "family_doctor_norm_version",
    "family_doctor_norm",
    "family_doctor_form",
)
EVENT, PLANNING, FOLLOW_UP = (
    "family_doctor_care_event",
    "family_doctor_planning",
    "family_doctor_follow_up",
)
TEMPLATE, PLAN, CHOICE, DIGEST = (
    "family_doctor_plan_template",
    "family_doctor_plan",
    "family_doctor_reminder_choice",
    "family_doctor_digest",
)
MOMENT = sa.DateTime(timezone=True)
REASONS = (
    "'away', 'group_lost', 'in_hospital', 'norm_changed', 'other', 'plan_ended', 'refused',"
    " 'superseded'"
)
# A pack's own services: reminded a week before, late the day after they were due.
REMINDED = "UPDATE family_doctor_obligation SET remind_from = greatest(opens_on, due_on - 7)"
LATE = "UPDATE family_doctor_obligation SET late_after = due_on"


def upgrade() -> None:
    """Apply."""
    _norms()
    _care()
    _plans()
    _obligations()


def _norms() -> None:
    op.create_table(
        VERSION,
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("estimate", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("reminding", postgresql.JSONB(), nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f(f"pk_{VERSION}")),
    )
    op.create_table(
        NORM,
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        _to(NORM, "version", f"{VERSION}.version"),
        _to(NORM, "group_code", "service_packs_group.code"),
        _to(NORM, "item_code", "service_packs_item.code"),
        sa.PrimaryKeyConstraint("version", "code", name=op.f(f"pk_{NORM}")),
    )
    op.create_table(
        FORM,
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f(f"pk_{FORM}")),
    )


def _care() -> None:
    op.create_table(
        EVENT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happens_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('birth', 'discharge', 'expected_birth', 'tb_notice')",
            name=op.f(f"ck_{EVENT}_kind"),
        ),
        _to(EVENT, "person_id", "residents_person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{EVENT}")),
    )
    op.create_index(
        f"uq_{EVENT}_live",
        EVENT,
        ["person_id", "kind", "happens_on"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        PLANNING,
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        _to(PLANNING, "contract_id", "family_doctor_contract.id"),
        sa.PrimaryKeyConstraint("contract_id", name=op.f(f"pk_{PLANNING}")),
    )
    op.create_table(
        FOLLOW_UP,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_record_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("norm_code", sa.Text(), nullable=True),
        sa.Column("form_code", sa.Text(), nullable=False),
        sa.Column("form_version", sa.SmallInteger(), nullable=False),
        sa.Column("performed_at", MOMENT, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("computed", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("result_reason", sa.LargeBinary(), nullable=True),
        sa.Column("result_by", sa.Text(), nullable=True),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("referral", sa.Boolean(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        _to(FOLLOW_UP, "service_record_id", "service_packs_service_record.id"),
        sa.ForeignKeyConstraint(
            ["form_code", "form_version"],
            [f"{FORM}.code", f"{FORM}.version"],
            name=f"fk_{FOLLOW_UP}_form_code",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{FOLLOW_UP}")),
        sa.UniqueConstraint("service_record_id", name=op.f(f"uq_{FOLLOW_UP}_service_record_id")),
    )
    op.create_index(
        f"ix_{FOLLOW_UP}_person_id", FOLLOW_UP, ["person_id", "item_code", "performed_at"]
    )
    op.create_index(
        f"ix_{FOLLOW_UP}_urgent",
        FOLLOW_UP,
        ["team_id", "performed_at"],
        postgresql_where=sa.text("emergency AND seen_at IS NULL"),
    )


def _plans() -> None:
    op.create_table(
        TEMPLATE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "term IN ('after_discharge', 'long', 'short')", name=op.f(f"ck_{TEMPLATE}_term")
        ),
        _to(TEMPLATE, "team_id", "directory_team.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TEMPLATE}")),
    )
    op.create_index(
        f"uq_{TEMPLATE}_name",
        TEMPLATE,
        ["team_id", "name"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        PLAN,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f(f"ck_{PLAN}_ended")
        ),
        _to(PLAN, "template_id", f"{TEMPLATE}.id"),
        _to(PLAN, "contract_id", "family_doctor_contract.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PLAN}")),
    )
    op.create_index(f"ix_{PLAN}_contract_id", PLAN, ["contract_id"])
    op.create_table(
        CHOICE,
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sms", sa.Boolean(), nullable=False),
        _to(CHOICE, "person_id", "residents_person.id"),
        sa.PrimaryKeyConstraint("person_id", name=op.f(f"pk_{CHOICE}")),
    )
    op.create_table(
        DIGEST,
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _to(DIGEST, "team_id", "directory_team.id"),
        sa.PrimaryKeyConstraint("team_id", "day", name=op.f(f"pk_{DIGEST}")),
    )


def _obligations() -> None:
    op.drop_constraint(f"uq_{OWED}_entitlement_id_item_code_sequence", OWED, type_="unique")
    for check in ("window", "done"):
        op.drop_constraint(op.f(f"ck_{OWED}_{check}"), OWED, type_="check")
    op.alter_column(OWED, "entitlement_id", nullable=True)
    for column in (
        sa.Column("kind", sa.Text(), server_default="pack", nullable=False),
        sa.Column("slot", sa.Text(), server_default="", nullable=False),
        sa.Column("norm_code", sa.Text(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("remind_from", sa.Date(), nullable=True),
        sa.Column("late_after", sa.Date(), nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("excused_by", sa.Text(), nullable=True),
        sa.Column("excused_until", sa.Date(), nullable=True),
        sa.Column("excuse_reason", sa.Text(), nullable=True),
        sa.Column("excuse_note", sa.LargeBinary(), nullable=True),
    ):
        op.add_column(OWED, column)
    op.execute(REMINDED)
    op.execute(LATE)
    for name in ("remind_from", "late_after"):
        op.alter_column(OWED, name, nullable=False)
    op.create_foreign_key(op.f(f"fk_{OWED}_plan_id"), OWED, PLAN, ["plan_id"], ["id"])
    for name, condition in (
        ("window", "opens_on <= remind_from AND remind_from <= due_on AND due_on <= late_after"),
        (
            "done",
            "(done_at IS NULL) = (service_record_id IS NULL AND done_by IS NULL)"
            " AND (done_by IS NULL OR kind = 'plan')",
        ),
        ("excuse", "excused_at IS NOT NULL OR excuse_reason IS NULL"),
        ("kind", "kind IN ('norm', 'pack', 'plan')"),
        ("excuse_reason", f"excuse_reason IS NULL OR excuse_reason IN ({REASONS})"),
        (
            "source",
            "(kind = 'pack') = (slot = '') AND (kind <> 'pack' OR entitlement_id IS NOT NULL)"
            " AND (kind = 'plan') = (plan_id IS NOT NULL)",
        ),
    ):
        op.create_check_constraint(op.f(f"ck_{OWED}_{name}"), OWED, condition)
    op.create_index(
        f"uq_{OWED}_pack",
        OWED,
        ["entitlement_id", "item_code", "sequence"],
        unique=True,
        postgresql_where=sa.text("kind = 'pack'"),
    )
    op.create_index(
        f"uq_{OWED}_slot",
        OWED,
        ["contract_id", "item_code", "slot"],
        unique=True,
        postgresql_where=sa.text("kind <> 'pack'"),
    )
    op.create_index(
        f"ix_{OWED}_plan_id", OWED, ["plan_id"], postgresql_where=sa.text("plan_id IS NOT NULL")
    )
    op.create_index(
        f"ix_{OWED}_remind_from",
        OWED,
        ["remind_from"],
        postgresql_where=sa.text("done_at IS NULL AND excused_at IS NULL AND reminded_at IS NULL"),
    )


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo; what only a norm or a plan asked for goes with them."""
    op.execute("DELETE FROM family_doctor_obligation WHERE kind <> 'pack'")
    for name in ("pack", "slot"):
        op.drop_index(f"uq_{OWED}_{name}", OWED)
    for name in ("plan_id", "remind_from"):
        op.drop_index(f"ix_{OWED}_{name}", OWED)
    for name in ("window", "done", "excuse", "kind", "excuse_reason", "source"):
        op.drop_constraint(op.f(f"ck_{OWED}_{name}"), OWED, type_="check")
    op.drop_constraint(op.f(f"fk_{OWED}_plan_id"), OWED, type_="foreignkey")
    for column in (
        "kind",
        "slot",
        "norm_code",
        "plan_id",
        "remind_from",
        "late_after",
        "reminded_at",
        "done_by",
        "excused_by",
        "excused_until",
        "excuse_reason",
        "excuse_note",
    ):
        op.drop_column(OWED, column)
    op.alter_column(OWED, "entitlement_id", nullable=False)
    op.create_check_constraint(op.f(f"ck_{OWED}_window"), OWED, "opens_on <= due_on")
    op.create_check_constraint(
        op.f(f"ck_{OWED}_done"), OWED, "(done_at IS NULL) = (service_record_id IS NULL)"
    )
    op.create_unique_constraint(
        f"uq_{OWED}_entitlement_id_item_code_sequence",
        OWED,
        ["entitlement_id", "item_code", "sequence"],
    )
    for table in (DIGEST, CHOICE, PLAN, TEMPLATE, FOLLOW_UP, PLANNING, EVENT, FORM, NORM, VERSION):
        op.drop_table(table)
