"""A team's past week, as the tests of its work reports count it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.ids import new_id
from directory.models import Staff
from family_doctor.models import (
    Assignment,
    Contract,
    ContractTransition,
    Dispute,
    FollowUp,
    FormVersion,
    Handover,
    Obligation,
    Report,
)
from family_doctor.periods import period_around, period_before
from family_doctor.schemas import ReportKind
from family_doctor.services.reports import make_reports
from family_doctor.states import State
from service_packs.models import ServiceRecord
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract, make_service_record
from tests.factories.residents import make_person


class Week:
    """A team's past week: a contract signed and answered in it, one renewed and one ended; a
    follow-up in time by the nurse, a late service by the leader, and what the residents said.
    """

    def __init__(self, session: Session) -> None:
        self.period = period_before(period_around(ReportKind.WEEK, clock.today()))
        self.team, self.leader, self.nurse = make_team(session)
        self.chief = make_person(session)
        session.get_one(Account, self.leader).person_id = self.chief.id
        self.carer = make_person(session)
        session.get_one(Account, self.nurse).person_id = self.carer.id
        self.noon = clock.at(self.period.starts_on + timedelta(days=2), 12)
        self.contract = make_contract(
            session, make_person(session), self.team, starts_on=self.period.starts_on
        )
        self.contract.signed_at = self.noon
        self.contract.applied_at = self.noon - timedelta(hours=3)
        session.add(
            ContractTransition(
                id=new_id(), contract_id=self.contract.id, at=self.noon, account_id=self.leader,
                actor_name="", from_state=State.APPLIED, to_state=State.PENDING_SIGNATURE,
            )
        )  # fmt: skip
        ended = make_contract(session, make_person(session), self.team, state=State.TERMINATED)
        ended.applied_at, ended.ended_at = self.noon - timedelta(days=90), self.noon
        # The services of the first month are owed by days of the week, but one.
        owed = list(
            session.scalars(
                select(Obligation)
                .where(Obligation.contract_id == self.contract.id)
                .order_by(Obligation.due_on, Obligation.id)
            )
        )
        self.day = self.period.starts_on + timedelta(days=3)
        for each, late_after in zip(owed, (self.day, self.day - timedelta(days=2)), strict=False):
            each.opens_on = each.remind_from = self.period.starts_on
            each.due_on = each.late_after = late_after
        session.flush()
        self.followed = self.serve(session, owed[0], self.nurse, follow_up=True)
        self.late = self.serve(session, owed[1], self.leader)
        session.get_one(ServiceRecord, self.followed).state = "confirmed"
        session.get_one(ServiceRecord, self.followed).confirmed_at = self.noon
        disputed = session.get_one(ServiceRecord, self.late)
        disputed.state, disputed.disputed_at, disputed.dispute_reason = (
            "disputed",
            self.noon,
            "没来",
        )
        session.add(_dispute(self, self.noon))
        session.flush()

    def serve(
        self, session: Session, owed: Obligation, account: UUID, *, follow_up: bool = False
    ) -> UUID:
        """A service of what is owed, at noon of the third day."""
        record_id = make_service_record(session, self.contract, owed.item_code)
        record = session.get_one(ServiceRecord, record_id)
        record.performed_at = self.noon
        record.staff_id = session.scalars(select(Staff.id).where(Staff.account_id == account)).one()
        owed.done_at, owed.service_record_id = self.noon, record_id
        if follow_up:
            session.add(FormVersion(code="t", version=1, document={}))
            session.flush()
            session.add(_follow_up(self, record))
        session.flush()
        return record_id

    def make(self, session: Session) -> Report:
        """The reports, and the team's in its newest edition."""
        make_reports(session, self.period, {self.team.id})
        return self.report(session)

    def report(self, session: Session, account: UUID | None = None) -> Report:
        """The newest edition of the team's or of a member's."""
        session.expire_all()
        query = select(Report).where(
            Report.team_id == self.team.id,
            Report.kind == self.period.kind,
            Report.starts_on == self.period.starts_on,
            Report.account_id.is_not_distinct_from(account),
            Report.superseded_at.is_(None),
        )
        return session.scalars(query).one()


def _follow_up(week: Week, record: ServiceRecord) -> FollowUp:
    return FollowUp(
        id=new_id(), service_record_id=record.id, person_id=record.person_id,
        team_id=record.team_id, division_code=record.division_code, item_code=record.item_code,
        form_code="t", form_version=1, performed_at=week.noon, document="{}", computed="done",
        result="done", emergency=True, referral=True, seen_at=week.noon + timedelta(minutes=20),
        seen_by="组长",
    )  # fmt: skip


def _dispute(week: Week, at: datetime) -> Dispute:
    contract = week.contract
    return Dispute(
        id=new_id(), contract_id=contract.id, person_id=contract.person_id,
        team_id=contract.team_id, institution_id=contract.institution_id,
        division_code=contract.division_code, subject="not_served", text="没有来", state="answered",
        opened_at=at, answer_by=at + timedelta(days=5), answer="已经补上",
        answered_at=at + timedelta(days=1, hours=2), decide_by=at + timedelta(days=20),
        decider=str(contract.institution_id),
    )  # fmt: skip


def look_after(
    session: Session, contract: Contract, account: UUID, since: datetime, until: datetime | None
) -> None:
    """Let a member have looked after the resident of a contract."""
    staff = session.scalars(select(Staff).where(Staff.account_id == account)).one()
    given = Handover(
        id=new_id(), team_id=contract.team_id, to_staff_id=staff.id, to_name=staff.name,
        residents=1, at=since, account_id=account, by_name="",
    )  # fmt: skip
    session.add(given)
    session.flush()
    session.add(
        Assignment(
            id=new_id(), contract_id=contract.id, team_id=contract.team_id, staff_id=staff.id,
            staff_name=staff.name, handover_id=given.id, since=since, until=until,
        )
    )  # fmt: skip
    session.flush()


@pytest.fixture
def week(session: Session) -> Week:
    return Week(session)
