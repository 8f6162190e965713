"""Facts that the service packs announce."""

from datetime import datetime
from uuid import UUID

from core.events import Event


class OrderPaid(Event):
    """An order is paid and its entitlement granted."""

    order_id: UUID
    person_id: UUID


class ServiceRecorded(Event):
    """A team recorded a service; one time of the entitlement is used."""

    record_id: UUID
    person_id: UUID
    item_code: str
    team_id: UUID
    performed_at: datetime


class ServiceWithdrawn(Event):
    """The team took a disputed record back; its time of the entitlement is there again."""

    record_id: UUID
    person_id: UUID
    item_code: str
    team_id: UUID
    performed_at: datetime


class ServiceUpheld(Event):
    """The team answered a dispute: the record stands, and the person may answer anew."""

    record_id: UUID
    person_id: UUID
    item_code: str
    team_id: UUID


class ServiceConfirmed(Event):
    """The person confirmed that the service was done."""

    record_id: UUID
    person_id: UUID
    item_code: str
    team_id: UUID


class ServiceDisputed(Event):
    """The person says that the service was not done as recorded."""

    record_id: UUID
    person_id: UUID
    item_code: str
    team_id: UUID
