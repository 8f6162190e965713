"""How registered applications are used."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class ClientUse(Base):
    """How often an account signed in to an application on one day of the region."""

    __tablename__ = "auth_client_use"

    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"), primary_key=True)
    sign_ins: Mapped[int]


class ClientServiceUse(Base):
    """How many tokens of its own an application took on one day of the region: nobody signed in."""

    __tablename__ = "auth_client_service_use"

    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    tokens: Mapped[int]
