"""What was bought beside a contract that ran out before waits from the upgrade on; and back."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
# A person with an expired contract and a paid pack; what else they point at is beside the point.
ROWS = """
SET LOCAL session_replication_role = replica;
INSERT INTO service_packs_pack (code, name, name_en, tier, list_price_fen, price_fen,
    public_health_fen, insurance_fen, person_fen, example)
VALUES ('P1', '慢病包', 'Chronic pack', 'primary', 100, 100, 0, 0, 100, true);
INSERT INTO service_packs_order (id, person_id, division_code, pack_code, price_fen,
    public_health_fen, insurance_fen, person_fen, state, created_at, pay_by, paid_at)
VALUES ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001',
    '990102001', 'P1', 100, 0, 0, 100, 'paid', now(), now(), now());
INSERT INTO service_packs_entitlement (id, person_id, division_code, pack_code, source, source_id,
    starts_on, ends_on, created_at)
VALUES (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', '990102001', 'P1', 'order',
    '00000000-0000-7000-8000-000000000003', current_date - 200, current_date + 30, now());
INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code, channel,
    state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen, insurance_fen,
    person_fen, applied_at, kind, term_years, signed_at, starts_on, ends_on, ended_at, end_reason,
    succeeding)
VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001',
    gen_random_uuid(), gen_random_uuid(), '990102001', 'portal', 'expired', 'P0', '', '', 0, 0, 0,
    0, now(), 'new', 1, now(), current_date - 366, current_date - 1, now(), 'expired', false)
"""
WAITS = text(
    "SELECT order_id::text, state, waits_until - current_date FROM family_doctor_waiting_pack"
)


def test_what_was_bought_before_waits(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0055")
        for statement in ROWS.split(";"):
            connection.execute(text(statement))
        command.upgrade(config(connection), "0056")
        waits = tuple(connection.execute(WAITS).one())
        assert waits == ("00000000-0000-7000-8000-000000000003", "waiting", 30)
        command.downgrade(config(connection), "0055")
        command.upgrade(config(connection), "0056")
        assert tuple(connection.execute(WAITS).one()) == waits
