"""Signing: versions of the agreement's text, both signatures, the sealed file."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None

TEXT, OWN, SIGNATURE, SEALED, CONTRACT = (
    "family_doctor_agreement_text",
    "family_doctor_own_signature",
    "family_doctor_signature",
    "family_doctor_sealed_agreement",
    "family_doctor_contract",
)
DRAWN_OR_TYPED = "(strokes IS NULL) <> (typed_name IS NULL)"
# What was the wording until now becomes version 1, of everybody; it has always been in force.
FIRST_ID = "01900000-0000-7000-8000-000000000034"
FIRST = """\
家庭医生签约服务协议
协议编号：{{ contract_id }}
甲方（居民）：{{ resident }}
乙方（家庭医生团队）：{{ team }}，{{ institution }}

一、甲方自愿选择乙方为家庭医生团队，乙方同意按“{{ pack }}”向甲方提供服务。
二、服务内容与次数：
{{ items }}
三、费用：每年 {{ price }} 元，其中基本公共卫生服务经费 {{ public_health }} 元，医保基金 {{ insurance }} 元，个人 {{ person }} 元。
四、期限：{{ begins }} {{ years }} 年，期满可以续签或更换团队。
五、甲方如实提供健康信息，按约定接受服务；乙方按期服务并保护甲方的个人信息和隐私。
六、甲方可以随时提出解约；乙方因故不能继续服务的，应当说明原因。
七、双方签约自愿。甲方确认本协议即表示已经读过并同意以上内容。

成文日期：{{ written_on }}
"""
# What was published is what contracts were written by: nobody changes or removes it.
IMMUTABLE = f"""
CREATE FUNCTION {TEXT}_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published agreement text is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER {TEXT}_immutable BEFORE UPDATE OR DELETE ON {TEXT}
    FOR EACH ROW EXECUTE FUNCTION {TEXT}_immutable();
"""


def upgrade() -> None:
    """Apply."""
    _texts()
    _own_signatures()
    _signatures()
    _sealed()
    op.add_column(CONTRACT, sa.Column("agreement_text_id", sa.Uuid(), nullable=True))
    op.add_column(CONTRACT, sa.Column("agreement_items", postgresql.JSONB(), nullable=True))
    op.create_foreign_key(
        op.f(f"fk_{CONTRACT}_agreement_text_id"), CONTRACT, TEXT, ["agreement_text_id"], ["id"]
    )


def _texts() -> None:
    table = op.create_table(
        TEXT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_by_name", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("version > 0", name=op.f(f"ck_{TEXT}_version")),
        sa.ForeignKeyConstraint(
            ["group_code"], ["service_packs_group.code"], name=op.f(f"fk_{TEXT}_group_code")
        ),
        _to_account(TEXT, "created_by"),
        _to_account(TEXT, "published_by"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TEXT}")),
    )
    op.create_index(
        f"uq_{TEXT}_group_code_version",
        TEXT,
        ["group_code", "version"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute(
        sa.insert(table).values(
            id=FIRST_ID,
            version=1,
            title="家庭医生签约服务协议",
            body=FIRST,
            valid_from=sa.literal_column("DATE '2000-01-01'"),
            created_at=sa.func.now(),
            published_at=sa.func.now(),
        )
    )
    op.execute(IMMUTABLE)


def _own_signatures() -> None:
    op.create_table(
        OWN,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("strokes", sa.LargeBinary(), nullable=True),
        sa.Column("typed_name", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(DRAWN_OR_TYPED, name=op.f(f"ck_{OWN}_drawn_or_typed")),
        _to_account(OWN, "account_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{OWN}")),
    )
    op.create_index(
        f"uq_{OWN}_current",
        OWN,
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_index(f"ix_{OWN}_account_id", OWN, ["account_id", "created_at"])


def _signatures() -> None:
    op.create_table(
        SIGNATURE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("strokes", sa.LargeBinary(), nullable=True),
        sa.Column("typed_name", sa.LargeBinary(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("side IN ('resident', 'team')", name=op.f(f"ck_{SIGNATURE}_side")),
        sa.CheckConstraint(
            "method IN ('console', 'hwk', 'on_site', 'otp', 'sms', 'two_factors')",
            name=op.f(f"ck_{SIGNATURE}_method"),
        ),
        sa.CheckConstraint(DRAWN_OR_TYPED, name=op.f(f"ck_{SIGNATURE}_drawn_or_typed")),
        sa.CheckConstraint("octet_length(text_digest) = 32", name=op.f(f"ck_{SIGNATURE}_digest")),
        sa.CheckConstraint("proved_at <= signed_at", name=op.f(f"ck_{SIGNATURE}_proved_before")),
        _to_contract(SIGNATURE),
        _to_account(SIGNATURE, "account_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f(f"fk_{SIGNATURE}_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SIGNATURE}")),
    )
    op.create_index(
        f"uq_{SIGNATURE}_contract_id_side", SIGNATURE, ["contract_id", "side"], unique=True
    )


def _sealed() -> None:
    op.create_table(
        SEALED,
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("timestamped", sa.Boolean(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f(f"ck_{SEALED}_sha256")),
        sa.CheckConstraint("octet_length(certificate) = 32", name=op.f(f"ck_{SEALED}_certificate")),
        _to_contract(SEALED),
        sa.PrimaryKeyConstraint("contract_id", name=op.f(f"pk_{SEALED}")),
    )
    op.create_index(f"uq_{SEALED}_sha256", SEALED, ["sha256"], unique=True)


def _to_contract(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["contract_id"], [f"{CONTRACT}.id"], name=op.f(f"fk_{table}_contract_id")
    )


def _to_account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["auth_account.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo."""
    op.drop_column(CONTRACT, "agreement_items")
    op.drop_column(CONTRACT, "agreement_text_id")
    for table in (SEALED, SIGNATURE, OWN, TEXT):
        op.drop_table(table)
    op.execute(f"DROP FUNCTION {TEXT}_immutable()")
