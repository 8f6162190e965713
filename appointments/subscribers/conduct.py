"""What follows from reviews of unusual booking: the account's owner is told."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from appointments.events import (
    AccountRested,
    CaseDecided,
)
from appointments.queries.conduct import find_case
from core import clock
from core.events import Event
from core.messages import N_
from notifications.public import notify

CONDUCT = "/appointments/conduct"


def tell_rested(session: Session, event: AccountRested) -> None:
    """A message that booking rests, and where one can answer."""
    sentence = N_("您的账号有异常预约情况，网上预约先暂停，等工作人员核查。您可以在这里说明情况。")
    notify(session, event.person_id, sentence, {}, CONDUCT)


def tell_decided(session: Session, event: CaseDecided) -> None:
    """A message with the outcome of a review; its reason stands on the page."""
    case = find_case(session, event.case_id)
    if case is None:
        return
    if case.rests_until is None:
        sentence = N_("异常预约核查已有结果：没有问题，网上预约已恢复。")
        notify(session, event.person_id, sentence, {}, CONDUCT)
        return
    sentence = N_("异常预约核查已有结果：网上预约暂停到 %(until)s。")
    until = f"{clock.local(case.rests_until):%Y-%m-%d}"
    notify(session, event.person_id, sentence, {"until": until}, CONDUCT)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (AccountRested, tell_rested),
    (CaseDecided, tell_decided),
)
