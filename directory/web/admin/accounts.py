"""Opening a sign-in for one of the staff; pages and API share it."""

from uuid import UUID

from sqlalchemy.orm import Session

from auth.public import make_password
from core.web.access import current_actor
from core.web.writes import write
from directory.schemas import NewStaffAccount, OpenStaffAccount, StaffAccount
from directory.services.staff import open_staff_account


def open_account(staff_id: UUID, command: OpenStaffAccount) -> NewStaffAccount:
    """The account with its initial password. The answer that is kept for retries holds no
    password: a retry gets None in its place.
    """
    password: str | None = None

    def work(session: Session) -> StaffAccount:
        nonlocal password
        password = make_password()
        return open_staff_account(session, current_actor(), staff_id, command, password)

    made = write(StaffAccount, work)
    return NewStaffAccount(**made.model_dump(), initial_password=password)
