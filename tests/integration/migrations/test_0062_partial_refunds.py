"""A payment from before has no refunds, and the database counts those that come; and back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
PERSON = "00000000-0000-7000-8000-000000000001"
PAYMENT = "00000000-0000-7000-8000-000000000002"
COUNTED = text("SELECT refunds_fen FROM payments_payment")


def refund(connection: Connection, amount_fen: int) -> None:
    """One of the payment, due."""
    connection.execute(
        text(
            "INSERT INTO payments_refund (id, cause_id, purpose, subject_id, payment_id, person_id,"
            " division_code, amount_fen, currency, way, state, attempt, created_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'test', :payment, :payment, :person,"
            " '450802001', :amount, 'CNY', 'provider', 'due', 1, now())"
        ),
        {"payment": PAYMENT, "person": PERSON, "amount": amount_fen},
    )


def test_refunds_are_counted(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0061")
        connection.execute(text("SET session_replication_role = replica"))  # no person is needed
        connection.execute(
            text(
                "INSERT INTO payments_payment (id, purpose, subject_id, person_id, amount_fen,"
                " currency, description, state, provider, created_at, settled_at)"
                " VALUES (:payment, 'test', :payment, :person, 100, 'CNY', 'x', 'settled',"
                " 'stripe', now(), now())"
            ),
            {"payment": PAYMENT, "person": PERSON},
        )
        command.upgrade(config(connection), "0062")
        assert connection.scalar(COUNTED) == 0
        connection.execute(text("SET session_replication_role = origin"))
        for table in ("payments_payment", "payments_refund"):
            name = f"fk_{table}_person_id"
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        refund(connection, 60)
        refund(connection, 40)
        assert connection.scalar(COUNTED) == 100
        with pytest.raises(IntegrityError), connection.begin_nested():
            refund(connection, 1)
        connection.execute(text("DELETE FROM payments_refund WHERE amount_fen = 40"))
        assert connection.scalar(COUNTED) == 60
        command.downgrade(config(connection), "0061")
        assert connection.scalar(text("SELECT amount_fen FROM payments_payment")) == 100
