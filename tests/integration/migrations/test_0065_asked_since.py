"""A link made before counts as asked from the upgrade on; and back."""

from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.factories.appointments import make_clinic
from tests.factories.exchange import make_link
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
LINKS = text("SELECT count(*) FROM appointments_hospital_link")
ASKED = text(f"{LINKS} WHERE asked_since IS NOT NULL")


def test_a_link_made_before_is_asked_from_now_on(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            make_link(session, make_clinic(session), "https://his.example.org")
            session.commit()
        command.downgrade(config(connection), "0064")
        assert connection.scalar(LINKS) == 1
        command.upgrade(config(connection), "0065")
        assert connection.scalar(ASKED) == 1
        command.downgrade(config(connection), "0064")
        assert connection.scalar(LINKS) == 1
