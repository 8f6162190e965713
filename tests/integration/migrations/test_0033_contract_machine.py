"""Contracts from before go on with the deadlines they had; what the new machine promises; back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_team
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0038", "0033"
PACK = text(
    "INSERT INTO service_packs_pack (code, name, name_en, tier, list_price_fen, price_fen,"
    " public_health_fen, insurance_fen, person_fen, example)"
    " VALUES ('B', 'x', 'x', 'basic', 9, 9, 0, 0, 9, true)"
)
CONTRACT = text(
    "INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code,"
    " channel, state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen,"
    " insurance_fen, person_fen, applied_at, accepted_at, signed_at, starts_on, ends_on)"
    " SELECT :id, :person, id, institution_id, division_code, 'portal', :state, 'B', 'x', 'x', 9,"
    " 0, 0, 9, '2026-11-01Z', '2026-11-02Z', '2026-11-03Z', '2026-11-03', '2027-11-02'"
    " FROM directory_team WHERE id = :team"
)
RENEWAL = text(
    "INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code,"
    " channel, state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen,"
    " insurance_fen, person_fen, applied_at, accepted_at, signed_at, kind, previous_id, succeeding)"
    " SELECT :new, person_id, team_id, institution_id, division_code, channel, 'signed',"
    " pack_code, 'x', 'x', 9, 0, 0, 9, now(), now(), now(), 'renewal', id, true"
    " FROM family_doctor_contract WHERE id = :id"
)
STATE = text("UPDATE family_doctor_contract SET state = :state WHERE id = :id")


def change(connection: Connection, statement: object, **values: object) -> None:
    with connection.begin_nested():
        connection.execute(statement, values)  # type: ignore[call-overload]


def test_contracts_go_on(app: object, empty: Engine) -> None:
    ids = {state: new_id() for state in ("applied", "pending_signature", "active")}
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            team = make_team(session)[0].id
            people = [make_person(session).id for _ in ids]
            session.commit()
        command.downgrade(config(connection), BEFORE)
        connection.execute(PACK)
        for (state, each), person in zip(ids.items(), people, strict=True):
            values = {"id": each, "person": person, "state": state, "team": team}
            connection.execute(CONTRACT, values)
        command.upgrade(config(connection), AFTER)
        waits = text(
            "SELECT state, waits_until::date::text FROM family_doctor_contract ORDER BY state"
        )
        assert connection.execute(waits).all() == [
            ("active", None),
            ("applied", "2026-11-08"),
            ("pending_signature", "2026-11-05"),
        ]
        change(connection, RENEWAL, id=ids["active"], new=new_id())
        for bad in ("applied", "renewed"):
            with pytest.raises(IntegrityError):
                change(connection, STATE, id=ids["active"], state=bad)
        with pytest.raises(IntegrityError):  # one successor a person
            change(connection, RENEWAL, id=ids["active"], new=new_id())
        change(connection, STATE, id=ids["active"], state="change_requested")
        command.downgrade(config(connection), BEFORE)
        states = text("SELECT state FROM family_doctor_contract ORDER BY state")
        assert connection.scalars(states).all() == [
            "active", "applied", "cancelled", "pending_signature",
        ]  # fmt: skip
        command.upgrade(config(connection), AFTER)
