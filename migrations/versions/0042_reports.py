"""Work reports with the rows behind their figures, and the schemes of performance points."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

SCHEME, REPORT, ROWS, RUN = (
    "family_doctor_point_scheme",
    "family_doctor_report",
    "family_doctor_report_rows",
    "family_doctor_report_run",
)
MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('month', 'week')"
CODES = (
    "code IN ('answered', 'confirmed', 'disputed', 'disputes_answered', 'due', 'emergencies',"
    " 'ended', 'follow_ups', 'in_time', 'kept', 'kept_confirmed', 'late', 'renewed', 'services',"
    " 'signed')"
)


def upgrade() -> None:
    """Apply."""
    _schemes()
    _reports()
    op.create_table(
        ROWS,
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _check(ROWS, "code", CODES),
        _check(ROWS, "ids", "cardinality(ids) > 0"),
        _to(ROWS, "report_id", REPORT),
        sa.PrimaryKeyConstraint("report_id", "code", name=op.f(f"pk_{ROWS}")),
    )
    op.create_table(
        RUN,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        _check(RUN, "kind", KINDS),
        sa.PrimaryKeyConstraint("kind", "starts_on", name=op.f(f"pk_{RUN}")),
    )


def _to(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _schemes() -> None:
    op.create_table(
        SCHEME,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("institution_name", sa.Text(), server_default="", nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("example", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_by_name", sa.Text(), server_default="", nullable=False),
        _check(SCHEME, "number", "number > 0"),
        _to(SCHEME, "institution_id", "directory_institution"),
        _to(SCHEME, "division_code", "directory_division", "code"),
        _to(SCHEME, "made_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SCHEME}")),
    )
    op.create_index(
        f"uq_{SCHEME}_institution_id_number",
        SCHEME,
        ["institution_id", "number"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def _reports() -> None:
    op.create_table(
        REPORT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("team_name", sa.Text(), nullable=False),
        sa.Column("staff_name", sa.Text(), server_default="", nullable=False),
        sa.Column("edition", sa.SmallInteger(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.Column("rules", sa.SmallInteger(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=True),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("points", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _check(REPORT, "kind", KINDS),
        _check(REPORT, "period", "starts_on < ends_on"),
        _check(REPORT, "edition", "edition > 0"),
        _check(REPORT, "digest", "octet_length(digest) = 32"),
        _to(REPORT, "team_id", "directory_team"),
        _to(REPORT, "staff_id", "directory_staff"),
        _to(REPORT, "account_id", "auth_account"),
        _to(REPORT, "institution_id", "directory_institution"),
        _to(REPORT, "division_code", "directory_division", "code"),
        _to(REPORT, "scheme_id", SCHEME),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{REPORT}")),
    )
    op.create_index(
        f"uq_{REPORT}_current",
        REPORT,
        ["team_id", "kind", "starts_on", "staff_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(f"ix_{REPORT}_account_id", REPORT, ["account_id", "starts_on"])
    op.create_index(f"ix_{REPORT}_institution_id", REPORT, ["institution_id", "starts_on"])


def downgrade() -> None:
    """Undo."""
    for table in (RUN, ROWS, REPORT, SCHEME):
        op.drop_table(table)
