"""The contract as one machine: rules, terms, successors, refunds, disputes, and its moves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0038"
branch_labels = None
depends_on = None

CONTRACT, RULE, DISPUTE, MOVE = (
    "family_doctor_contract",
    "family_doctor_rule",
    "family_doctor_dispute",
    "family_doctor_move",
)
IN_FORCE = "'active', 'change_requested', 'expiring'"
LIVE = "'active', 'applied', 'change_requested', 'expiring', 'pending_signature', 'signed'"
MOVES = (
    ("applied", "pending_signature"),
    ("applied", "rejected"),
    ("applied", "cancelled"),
    ("pending_signature", "active"),
    ("pending_signature", "signed"),
    ("pending_signature", "cancelled"),
    ("signed", "active"),
    ("signed", "cancelled"),
    ("active", "expiring"),
    ("active", "change_requested"),
    ("active", "terminated"),
    ("expiring", "change_requested"),
    ("expiring", "terminated"),
    ("expiring", "renewed"),
    ("expiring", "expired"),
    ("change_requested", "active"),
    ("change_requested", "terminated"),
    ("change_requested", "expired"),
)
# Name and condition of each check that grows, before and after.
CHECKS = (
    (
        "state",
        "state IN ('active', 'applied', 'cancelled', 'expired', 'expiring', 'pending_signature',"
        " 'rejected', 'terminated')",
        "state IN ('active', 'applied', 'cancelled', 'change_requested', 'expired', 'expiring',"
        " 'pending_signature', 'rejected', 'renewed', 'signed', 'terminated')",
    ),
    (
        "end_reason",
        "end_reason IS NULL OR end_reason IN ('changed_team', 'deceased', 'expired',"
        " 'lost_contact', 'moved', 'not_answered', 'not_signed', 'other', 'own_wish', 'rejected',"
        " 'withdrawn')",
        "end_reason IS NULL OR end_reason IN ('changed_pack', 'changed_team', 'cooling_off',"
        " 'deceased', 'expired', 'lost_contact', 'moved', 'not_answered', 'not_signed', 'other',"
        " 'own_wish', 'rejected', 'renewed', 'withdrawn')",
    ),
    (
        "ended",
        "(state IN ('cancelled', 'expired', 'rejected', 'terminated')) = (ended_at IS NOT NULL)"
        " AND (ended_at IS NULL) = (end_reason IS NULL)",
        "(state IN ('cancelled', 'expired', 'rejected', 'renewed', 'terminated')) = (ended_at IS"
        " NOT NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
    ),
    (
        "accepted",
        "NOT (state IN ('active', 'expiring', 'pending_signature')) OR accepted_at IS NOT NULL",
        "NOT (state IN ('active', 'change_requested', 'expiring', 'pending_signature', 'signed'))"
        " OR accepted_at IS NOT NULL",
    ),
    (
        "in_force",
        "NOT (state IN ('active', 'expiring')) OR (signed_at IS NOT NULL AND starts_on IS NOT"
        " NULL AND ends_on IS NOT NULL)",
        f"NOT (state IN ({IN_FORCE})) OR (signed_at IS NOT NULL AND starts_on IS NOT"
        " NULL AND ends_on IS NOT NULL)",
    ),
)
# Deadlines that run are those of the machine before: seven days and three.
RUNNING = """
UPDATE family_doctor_contract SET waits_until = CASE state
    WHEN 'applied' THEN applied_at + interval '7 days' ELSE accepted_at + interval '3 days' END
WHERE state IN ('applied', 'pending_signature')
"""
# What only the new machine knows becomes what the old one has for it: a successor that is under
# way is withdrawn, a renewed contract has expired.
BACK = (
    """
    UPDATE family_doctor_contract SET state = 'cancelled', ended_at = now(),
        end_reason = 'withdrawn'
    WHERE succeeding AND state IN ('applied', 'pending_signature', 'signed')
    """,
    "UPDATE family_doctor_contract SET state = 'active' WHERE state = 'change_requested'",
    """
    UPDATE family_doctor_contract SET state = 'expired', end_reason = 'expired'
    WHERE state = 'renewed'
    """,
    """
    UPDATE family_doctor_contract SET end_reason = 'own_wish' WHERE end_reason = 'cooling_off'
    """,
    "UPDATE family_doctor_contract SET end_reason = 'other' WHERE end_reason = 'changed_pack'",
    """
    UPDATE family_doctor_team_load AS load SET taken = (
        SELECT count(*) FROM family_doctor_contract AS held WHERE held.team_id = load.team_id
            AND held.state IN ('active', 'expiring', 'pending_signature'))
    """,
)
GUARD = """
CREATE FUNCTION family_doctor_guard_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM family_doctor_move
        WHERE from_state = OLD.state AND to_state = NEW.state
    ) THEN
        RAISE EXCEPTION 'a contract may not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'family_doctor_move';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER family_doctor_contract_move BEFORE UPDATE OF state ON family_doctor_contract
FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
EXECUTE FUNCTION family_doctor_guard_move()
"""


def upgrade() -> None:
    """Apply."""
    _rules()
    _contracts()
    _disputes()
    _moves()


def downgrade() -> None:
    """Undo."""
    op.execute(f"DROP TRIGGER family_doctor_contract_move ON {CONTRACT}")
    op.execute("DROP FUNCTION family_doctor_guard_move()")
    op.drop_table(MOVE)
    op.drop_table(DISPUTE)
    op.drop_table(RULE)
    for name, _, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT)
    for name in ("waits", "kind", "previous", "succeeding", "years", "refund"):
        op.drop_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT)
    for statement in BACK:
        op.execute(statement)
    op.drop_index("uq_family_doctor_contract_successor", CONTRACT)
    op.drop_index("uq_family_doctor_contract_live_person", CONTRACT)
    op.drop_index("ix_family_doctor_contract_previous_id", CONTRACT)
    for column in (
        "refund_basis",
        "refund_fen",
        "free_until",
        "waits_until",
        "term_years",
        "succeeding",
        "previous_id",
        "kind",
    ):
        op.drop_column(CONTRACT, column)
    for name, before, _ in CHECKS:
        op.create_check_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT, before)
    _live_person("state IN ('active', 'applied', 'expiring', 'pending_signature')")


def _rules() -> None:
    op.create_table(
        RULE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("institution_name", sa.Text(), server_default="", nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("capacity_per_doctor", sa.Integer(), nullable=False),
        sa.Column("term_years", sa.SmallInteger(), nullable=False),
        sa.Column("term_years_max", sa.SmallInteger(), nullable=False),
        sa.Column("answer_days", sa.SmallInteger(), nullable=False),
        sa.Column("confirm_days", sa.SmallInteger(), nullable=False),
        sa.Column("expiring_days", sa.SmallInteger(), nullable=False),
        sa.Column("cooling_off_days", sa.SmallInteger(), nullable=False),
        sa.Column("dispute_answer_days", sa.SmallInteger(), nullable=False),
        sa.Column("dispute_decide_days", sa.SmallInteger(), nullable=False),
        sa.Column("estimate", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("capacity_per_doctor > 0", name=op.f(f"ck_{RULE}_capacity")),
        sa.CheckConstraint(
            "1 <= term_years AND term_years <= term_years_max", name=op.f(f"ck_{RULE}_term")
        ),
        sa.CheckConstraint("cooling_off_days >= 0", name=op.f(f"ck_{RULE}_cooling_off")),
        sa.CheckConstraint(
            "answer_days > 0 AND confirm_days > 0 AND expiring_days > 0"
            " AND dispute_answer_days > 0 AND dispute_decide_days > 0",
            name=op.f(f"ck_{RULE}_days"),
        ),
        _to(RULE, "institution_id", "directory_institution.id"),
        _to(RULE, "division_code", "directory_division.code"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RULE}")),
    )
    op.create_index(
        "uq_family_doctor_rule_institution_id",
        RULE,
        ["institution_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def _contracts() -> None:
    for column in (
        sa.Column("kind", sa.Text(), server_default="new", nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("succeeding", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("term_years", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("free_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_fen", sa.Integer(), nullable=True),
        sa.Column("refund_basis", postgresql.JSONB(), nullable=True),
    ):
        op.add_column(CONTRACT, column)
    op.create_foreign_key(
        op.f(f"fk_{CONTRACT}_previous_id"), CONTRACT, CONTRACT, ["previous_id"], ["id"]
    )
    op.execute(RUNNING)
    for name, _, condition in CHECKS:
        op.drop_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT)
        op.create_check_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT, condition)
    for name, condition in (
        ("waits", "(state IN ('applied', 'pending_signature')) = (waits_until IS NOT NULL)"),
        ("kind", "kind IN ('change_pack', 'change_team', 'new', 'renewal')"),
        ("previous", "(previous_id IS NULL) = (kind = 'new') AND previous_id <> id"),
        (
            "succeeding",
            f"NOT succeeding OR (previous_id IS NOT NULL AND NOT (state IN ({IN_FORCE})))",
        ),
        ("years", "term_years BETWEEN 1 AND 5"),
        (
            "refund",
            "(refund_fen IS NULL) = (refund_basis IS NULL)"
            " AND refund_fen BETWEEN 0 AND person_fen * term_years",
        ),
    ):
        op.create_check_constraint(op.f(f"ck_{CONTRACT}_{name}"), CONTRACT, condition)
    op.drop_index("uq_family_doctor_contract_live_person", CONTRACT)
    _live_person(f"state IN ({LIVE}) AND NOT succeeding")
    op.create_index(
        "uq_family_doctor_contract_successor",
        CONTRACT,
        ["person_id"],
        unique=True,
        postgresql_where=sa.text(f"state IN ({LIVE}) AND succeeding"),
    )
    op.create_index(
        "ix_family_doctor_contract_previous_id",
        CONTRACT,
        ["previous_id"],
        postgresql_where=sa.text("previous_id IS NOT NULL"),
    )


def _live_person(condition: str) -> None:
    op.create_index(
        "uq_family_doctor_contract_live_person",
        CONTRACT,
        ["person_id"],
        unique=True,
        postgresql_where=sa.text(condition),
    )


def _disputes() -> None:
    op.create_table(
        DISPUTE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("refund_fen", sa.Integer(), nullable=True),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "subject IN ('charged_wrongly', 'ended_against_will', 'not_served')",
            name=op.f(f"ck_{DISPUTE}_subject"),
        ),
        sa.CheckConstraint(
            "state IN ('answered', 'dismissed', 'open', 'unanswered', 'upheld', 'withdrawn')",
            name=op.f(f"ck_{DISPUTE}_state"),
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f(f"ck_{DISPUTE}_answered")
        ),
        sa.CheckConstraint(
            "NOT (state IN ('answered', 'unanswered')) OR decide_by IS NOT NULL",
            name=op.f(f"ck_{DISPUTE}_to_decide"),
        ),
        sa.CheckConstraint(
            "(state IN ('dismissed', 'upheld')) = (decided_at IS NOT NULL)"
            " AND num_nonnulls(decided_at, decided_by, decision) IN (0, 3)",
            name=op.f(f"ck_{DISPUTE}_decided"),
        ),
        sa.CheckConstraint(
            "(state = 'upheld') = (refund_fen IS NOT NULL)", name=op.f(f"ck_{DISPUTE}_refund")
        ),
        _to(DISPUTE, "contract_id", "family_doctor_contract.id"),
        _to(DISPUTE, "person_id", "residents_person.id"),
        _to(DISPUTE, "team_id", "directory_team.id"),
        _to(DISPUTE, "institution_id", "directory_institution.id"),
        _to(DISPUTE, "decided_by", "auth_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{DISPUTE}")),
    )
    op.create_index(
        "uq_family_doctor_dispute_contract_id",
        DISPUTE,
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('answered', 'open', 'unanswered')"),
    )
    for columns in (
        ["contract_id"],
        ["person_id", "opened_at"],
        ["team_id", "state", "opened_at"],
        ["institution_id", "state", "opened_at"],
    ):
        op.create_index(f"ix_family_doctor_dispute_{columns[0]}", DISPUTE, columns)


def _moves() -> None:
    op.create_table(
        MOVE,
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f(f"pk_{MOVE}")),
    )
    move = sa.table(MOVE, sa.column("from_state"), sa.column("to_state"))
    op.bulk_insert(move, [{"from_state": one, "to_state": other} for one, other in MOVES])
    op.execute(GUARD)
    op.execute(TRIGGER)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
