"""What was bought beside a contract that ran out waits for the next team, or is given back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

RULE, PACK = "family_doctor_rule", "family_doctor_waiting_pack"
# What waits already: the 90 days begin with the upgrade, so that nobody is taken by surprise.
WAITS_ALREADY = """
INSERT INTO family_doctor_waiting_pack (id, contract_id, order_id, person_id, team_id,
    institution_id, pack_name, pack_name_en, state, waits_until)
SELECT gen_random_uuid(), last.id, held.source_id, held.person_id, last.team_id,
    last.institution_id, pack.name, pack.name_en, 'waiting',
    least(held.ends_on, current_date + 90)
FROM service_packs_entitlement AS held
JOIN service_packs_order AS bought ON bought.id = held.source_id
JOIN service_packs_pack AS pack ON pack.code = held.pack_code
JOIN LATERAL (
    SELECT id, team_id, institution_id, state FROM family_doctor_contract
    WHERE person_id = held.person_id AND signed_at IS NOT NULL
    ORDER BY ended_at DESC NULLS FIRST, id DESC LIMIT 1
) AS last ON last.state = 'expired'
WHERE held.source = 'order' AND held.ended_at IS NULL AND held.ends_on >= current_date
"""


def upgrade() -> None:
    """Apply."""
    for name, days in (("bought_wait_days", "90"), ("bought_remind_days", "14")):
        op.add_column(RULE, sa.Column(name, sa.SmallInteger(), server_default=days, nullable=False))
    op.create_check_constraint(
        op.f(f"ck_{RULE}_bought"), RULE, "bought_wait_days > 0 AND bought_remind_days > 0"
    )
    columns = {
        "contract_id": "family_doctor_contract.id",
        "order_id": "service_packs_order.id",
        "person_id": "residents_person.id",
        "team_id": "directory_team.id",
        "institution_id": "directory_institution.id",
    }
    moments = ("reminded_at", "kept_at", "closed_at")
    op.create_table(
        PACK,
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in columns),
        sa.Column("pack_name", sa.Text(), nullable=False),
        sa.Column("pack_name_en", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waits_until", sa.Date(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in moments),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("refund_fen", sa.Integer(), nullable=True),
        sa.Column("refund_basis", JSONB(), nullable=True),
        sa.CheckConstraint(
            "state IN ('lapsed', 'returned', 'served', 'waiting')", name=op.f(f"ck_{PACK}_state")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (closed_at IS NULL)", name=op.f(f"ck_{PACK}_closed")
        ),
        sa.CheckConstraint(
            "(state IN ('lapsed', 'returned')) = (refund_fen IS NOT NULL)"
            " AND (refund_fen IS NULL) = (refund_basis IS NULL)",
            name=op.f(f"ck_{PACK}_refund"),
        ),
        sa.CheckConstraint("refund_fen >= 0", name=op.f(f"ck_{PACK}_refund_fen")),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{PACK}_{name}"))
            for name, target in (columns | {"closed_by": "auth_account.id"}).items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PACK}")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        f"uq_{PACK}_order_id", PACK, ["order_id"], unique=True, postgresql_where=waiting
    )
    op.create_index(f"ix_{PACK}_contract_id", PACK, ["contract_id"])
    op.create_index(f"ix_{PACK}_person_id", PACK, ["person_id"])
    op.create_index(f"ix_{PACK}_waits_until", PACK, ["waits_until"], postgresql_where=waiting)
    op.execute(WAITS_ALREADY)


def downgrade() -> None:
    """Undo. What was given back stays ended."""
    op.drop_table(PACK)
    op.drop_constraint(op.f(f"ck_{RULE}_bought"), RULE)
    for column in ("bought_remind_days", "bought_wait_days"):
        op.drop_column(RULE, column)
