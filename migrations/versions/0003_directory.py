"""directory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "directory_division",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=5), nullable=True),
        sa.Column("latitude", sa.Numeric(precision=9, scale=5), nullable=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_code"],
            ["directory_division.code"],
            name=op.f("fk_directory_division_parent_code"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_directory_division")),
    )
    op.create_index(
        "ix_directory_division_parent_code", "directory_division", ["parent_code"], unique=False
    )
    op.create_table(
        "directory_specialty",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_directory_specialty")),
    )
    op.create_table(
        "directory_institution",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("ownership", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("beds", sa.Integer(), nullable=False),
        sa.Column("doctors", sa.Integer(), nullable=False),
        sa.Column("nurses", sa.Integer(), nullable=False),
        sa.Column("bookable", sa.Boolean(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "beds >= 0 AND doctors >= 0 AND nurses >= 0",
            name=op.f("ck_directory_institution_figures"),
        ),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["directory_division.code"],
            name=op.f("fk_directory_institution_division_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_institution")),
        sa.UniqueConstraint("code", name=op.f("uq_directory_institution_code")),
    )
    op.create_index(
        "ix_directory_institution_division_code",
        "directory_institution",
        ["division_code"],
        unique=False,
    )
    op.create_table(
        "directory_village",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("record_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["directory_division.code"],
            name=op.f("fk_directory_village_division_code"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_directory_village")),
    )
    op.create_index(
        "ix_directory_village_division_code", "directory_village", ["division_code"], unique=False
    )
    op.create_table(
        "directory_department",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("institution_id", sa.UUID(), nullable=False),
        sa.Column("specialty_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_directory_department_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["specialty_code"],
            ["directory_specialty.code"],
            name=op.f("fk_directory_department_specialty_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_department")),
        sa.UniqueConstraint(
            "institution_id", "name", name=op.f("uq_directory_department_institution_id_name")
        ),
    )
    op.create_table(
        "directory_team",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("institution_id", sa.UUID(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("capacity BETWEEN 1 AND 2000", name=op.f("ck_directory_team_capacity")),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["directory_division.code"],
            name=op.f("fk_directory_team_division_code"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_directory_team_institution_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_team")),
    )
    op.create_index(
        "ix_directory_team_division_code", "directory_team", ["division_code"], unique=False
    )
    op.create_index(
        "ix_directory_team_institution_id", "directory_team", ["institution_id"], unique=False
    )
    op.create_table(
        "directory_staff",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("institution_id", sa.UUID(), nullable=False),
        sa.Column("department_id", sa.UUID(), nullable=True),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profession", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_directory_staff_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["directory_department.id"],
            name=op.f("fk_directory_staff_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_directory_staff_institution_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_staff")),
        sa.UniqueConstraint("account_id", name=op.f("uq_directory_staff_account_id")),
    )
    op.create_index(
        "ix_directory_staff_department_id", "directory_staff", ["department_id"], unique=False
    )
    op.create_index(
        "ix_directory_staff_institution_id", "directory_staff", ["institution_id"], unique=False
    )
    op.create_table(
        "directory_team_member",
        sa.Column("team_id", sa.UUID(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "duty IN ('leader', 'general_practitioner', 'nurse', 'public_health', 'health_manager', 'village_doctor')",
            name=op.f("ck_directory_team_member_duty"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["directory_staff.id"], name=op.f("fk_directory_team_member_staff_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f("fk_directory_team_member_team_id")
        ),
        sa.PrimaryKeyConstraint("team_id", "staff_id", name=op.f("pk_directory_team_member")),
    )
    op.create_index(
        "ix_directory_team_member_staff_id", "directory_team_member", ["staff_id"], unique=False
    )
    op.create_index(
        "uq_directory_team_member_leader",
        "directory_team_member",
        ["team_id"],
        unique=True,
        postgresql_where=sa.text("duty = 'leader'"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "uq_directory_team_member_leader",
        table_name="directory_team_member",
        postgresql_where=sa.text("duty = 'leader'"),
    )
    op.drop_index("ix_directory_team_member_staff_id", table_name="directory_team_member")
    op.drop_table("directory_team_member")
    op.drop_index("ix_directory_staff_institution_id", table_name="directory_staff")
    op.drop_index("ix_directory_staff_department_id", table_name="directory_staff")
    op.drop_table("directory_staff")
    op.drop_index("ix_directory_team_institution_id", table_name="directory_team")
    op.drop_index("ix_directory_team_division_code", table_name="directory_team")
    op.drop_table("directory_team")
    op.drop_table("directory_department")
    op.drop_index("ix_directory_village_division_code", table_name="directory_village")
    op.drop_table("directory_village")
    op.drop_index("ix_directory_institution_division_code", table_name="directory_institution")
    op.drop_table("directory_institution")
    op.drop_table("directory_specialty")
    op.drop_index("ix_directory_division_parent_code", table_name="directory_division")
    op.drop_table("directory_division")
