"""Facts that the residents room announces."""

from uuid import UUID

from core.events import Event


class ConsentGiven(Event):
    """A person lets another, who is known here, act for them."""

    representation_id: UUID


class ConsentChanged(Event):
    """What the other may do, or until when, is not what it was."""

    representation_id: UUID


class ConsentEnded(Event):
    """One of the two ended it, or its term was over."""

    representation_id: UUID


class BindingRefused(Event):
    """Staff saw no proof that the applicant may act for the person."""

    binding_id: UUID


class GroupsChanged(Event):
    """A person's population groups are not what they were."""

    person_id: UUID


class PersonsMerged(Event):
    """Two records were of one person and are one now; what hung on one hangs on the other."""

    merge_id: UUID


class PersonsParted(Event):
    """A merge was undone: two records again, as they were."""

    merge_id: UUID


class PhoneChangeAnnounced(Event):
    """Staff are giving a registered person another phone; the old one may object for a day."""

    change_id: UUID


class PhoneReplaced(Event):
    """A registered person is reached at another phone from now on."""

    change_id: UUID


class HomeChanged(Event):
    """A person lives at another place or in another household."""

    move_id: UUID


class HouseholdActingEnded(Event):
    """An adult no longer acts for a child by living with it."""

    bar_id: UUID
