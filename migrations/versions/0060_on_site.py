"""Signing at the desk on the team's tablet: the text that was shown, and what was drawn under it."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

PRESENCE, SIGNATURE = "family_doctor_presence", "family_doctor_signature"
KEYS = (
    ("signer_id", "residents_person"),
    ("renews_id", "family_doctor_contract"),
    ("text_id", "family_doctor_agreement_text"),
)
METHODS = "'console', 'hwk', 'on_site', 'otp', 'sms', 'two_factors'"
CONDITIONS = {
    "prepared": "num_nonnulls(prepared_at, signer_id, pack_code, term_years, text_id,"
    " agreement_digest) IN (0, 6)",
    "years": "term_years BETWEEN 1 AND 5",
    "digest": "octet_length(agreement_digest) = 32",
    "drawn_or_typed": "strokes IS NULL OR typed_name IS NULL",
    "signed": "signed_at IS NULL OR prepared_at IS NOT NULL",
    "proof_method": f"proof_method IS NULL OR proof_method IN ({METHODS})",
    "proved": "num_nonnulls(witnessed_at, proof_method, proved_at) IN (0, 3)",
    "witnessed": "witnessed_at IS NULL OR (signed_at IS NOT NULL AND contract_id IS NOT NULL)",
}


def upgrade() -> None:
    """Apply. Who confirmed on a device before signed later, by their own phone."""
    moment = sa.DateTime(timezone=True)
    for name, kind in (
        ("signer_id", sa.Uuid()),
        ("renews_id", sa.Uuid()),
        ("pack_code", sa.Text()),
        ("term_years", sa.SmallInteger()),
        ("text_id", sa.Uuid()),
        ("prepared_at", moment),
        ("agreement_digest", sa.LargeBinary()),
        ("strokes", sa.LargeBinary()),
        ("typed_name", sa.LargeBinary()),
        ("signed_at", moment),
        ("witnessed_at", moment),
        ("proof_method", sa.Text()),
        ("proved_at", moment),
    ):
        op.add_column(PRESENCE, sa.Column(name, kind, nullable=True))
    for name, table in KEYS:
        op.create_foreign_key(op.f(f"fk_{PRESENCE}_{name}"), PRESENCE, table, [name], ["id"])
    op.create_foreign_key(
        op.f(f"fk_{PRESENCE}_pack_code"), PRESENCE, "service_packs_pack", ["pack_code"], ["code"]
    )
    for name, condition in CONDITIONS.items():
        op.create_check_constraint(op.f(f"ck_{PRESENCE}_{name}"), PRESENCE, condition)
    op.create_index(
        f"ix_{PRESENCE}_open",
        PRESENCE,
        ["account_id", "begun_at"],
        postgresql_where=sa.text("contract_id IS NULL"),
    )
    witness = sa.Column("witness_name", sa.Text(), server_default="", nullable=False)
    op.add_column(SIGNATURE, witness)


def downgrade() -> None:
    """Undo. An application that its resident signed on a tablet keeps no sign of it but its row."""
    op.drop_column(SIGNATURE, "witness_name")
    op.drop_index(f"ix_{PRESENCE}_open", PRESENCE)
    for name in CONDITIONS:
        op.drop_constraint(op.f(f"ck_{PRESENCE}_{name}"), PRESENCE)
    for name in (
        "proved_at",
        "proof_method",
        "witnessed_at",
        "signed_at",
        "typed_name",
        "strokes",
        "agreement_digest",
        "prepared_at",
        "text_id",
        "term_years",
        "pack_code",
        "renews_id",
        "signer_id",
    ):
        op.drop_column(PRESENCE, name)
