"""A suspension from before keeps its points and learns its institution's name; and back."""

from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_institution
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0023", "0027"
SUSPENDED = text(
    "INSERT INTO appointments_suspension (id, person_id, institution_id, division_code, since,"
    " until, points, decision) VALUES (:id, :person, :institution, '990102001', now(),"
    " now() + interval '90 days', 3, '')"
)


def points(connection: Connection) -> object:
    return connection.execute(text("SELECT points FROM appointments_suspension")).scalar_one()


def test_points_become_hundredths(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            institution, person = make_institution(session), make_person(session)
            values = {"id": new_id(), "person": person.id, "institution": institution.id}
            name = institution.name
            session.commit()
        command.downgrade(config(connection), BEFORE)
        connection.execute(SUSPENDED, values)
        command.upgrade(config(connection), AFTER)
        named = connection.execute(text("SELECT institution_name FROM appointments_suspension"))
        assert (points(connection), named.scalar_one()) == (300, name)
        command.downgrade(config(connection), BEFORE)
        assert points(connection) == 3
        command.upgrade(config(connection), AFTER)
