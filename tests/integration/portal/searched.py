"""A world in which every list has two rows: of one every name begins with THIS, of the other with
THAT.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, HospitalCall, HospitalLink
from appointments.schemas import Call, CallState
from auth.models import Account, RecoveryCase
from auth.recovery import OPEN
from core import clock
from core.access import Role
from core.ids import new_id
from directory.models import Department, Institution, Team
from family_doctor.models import (
    Assignment,
    Contract,
    Dispute,
    FieldEntry,
    FieldVisit,
    Handover,
    Offer,
    OwnSignature,
    Report,
    ReportRows,
    Transfer,
)
from family_doctor.periods import period_around, period_before
from family_doctor.schemas import FigureCode, ReportKind
from family_doctor.services.reports import make_reports
from family_doctor.states import State
from notifications.models import Message
from residents.models import Person, PhoneChange
from service_packs.models import ServiceRecord
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_case,
    make_rule,
    make_slots,
    make_suspension,
    make_template,
    make_wait,
)
from tests.factories.audit import make_event, make_question
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import (
    CITY,
    make_department,
    make_institution,
    make_staff,
    make_team,
)
from tests.factories.family_doctor import BASIC, make_contract, make_service_record
from tests.factories.referrals import make_referral
from tests.factories.refills import make_medicine, make_refill
from tests.factories.residents import (
    make_binding,
    make_claim,
    make_duplicate,
    make_person,
    make_resident,
)
from tests.factories.service_packs import make_entitlement, make_pack
from tests.factories.teamwork import staff_of
from tests.factories.ways import make_card, make_invitation
from tests.integration.security.world import make_order

THIS, THAT = "龙搜", "韦寻"
DAY = timedelta(days=1)


class Searched:
    """The world, with the accounts that look at it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.hospitals = [make_institution(session, name=f"{name}医院") for name in (THIS, THAT)]
        self.desk = make_institution(session, name="一家医院")
        for hospital in (self.desk, *self.hospitals):
            make_rule(session, hospital)
        session.add(_link(self.desk))
        home = make_institution(session, name="家乡卫生院")
        self.team, self.leader, _ = make_team(session, home)
        self.others = [self._team(name) for name in (THIS, THAT)]
        pairs = [make_resident(session, name=f"{name}居民") for name in (THIS, THAT)]
        self.accounts, self.people = zip(*pairs, strict=True)
        self.resident = self.accounts[0].id
        desk = {Role.REGISTRAR: [str(self.desk.id)]}
        self.registrar = make_account(session, roles=desk).id
        self.administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]}).id
        self.auditor = make_account(session, roles={Role.AUDITOR: [CITY]}).id
        kept = select(OwnSignature.id).where(OwnSignature.account_id == self.leader)
        self.signature = session.scalars(kept).one()
        self.yesterday = clock.today() - DAY
        self.contracts = [make_contract(session, person, self.team) for person in self.people]
        self._make()
        session.commit()

    def _team(self, name: str) -> Team:
        team, *_ = make_team(self.session, self.desk)
        team.name = f"{name}团队"
        return team

    def _make(self) -> None:
        self.handover = self._handover(THIS)
        self._handover(THAT)
        self.transfer, _ = (self._transfer(team) for team in self.others)
        self.visit = self._visit(THIS)
        self._visit(THAT)
        self.department = make_department(self.session, self.desk, name=f"{THIS}科").id
        other = make_department(self.session, self.desk, name=f"{THAT}科").id
        departments = (self.department, other)
        for name, person, account, contract, department in zip(
            (THIS, THAT), self.people, self.accounts, self.contracts, departments, strict=True
        ):
            self._with_the_team(name, person, contract)
            self._at_the_desk(name, person, account, department)
            self._of_the_resident(name)
        self._reports()
        self.session.flush()

    def _with_the_team(self, name: str, person: Person, contract: Contract) -> None:
        session, now = self.session, clock.now()
        applicant = make_person(session, name=f"{name}申请人")
        make_contract(session, applicant, self.team, state=State.APPLIED)
        medicine = make_medicine(session, contract)
        make_refill(session, medicine, contract)
        make_card(session, self.team, self.leader, doctor_name=f"{name}医生")
        make_invitation(
            session, self.team, self.leader, make_phone(), invited_by=f"{name}医生"
        )  # fmt: skip
        dispute = Dispute(
            id=new_id(), contract_id=contract.id, person_id=person.id, team_id=self.team.id,
            institution_id=self.team.institution_id, division_code=self.team.division_code,
            subject="not_served", text="x", state="open", opened_at=now, answer_by=now + DAY,
        )  # fmt: skip
        care = Assignment(
            id=new_id(), contract_id=contract.id, team_id=self.team.id,
            staff_id=self.handover.to_staff_id, staff_name="", handover_id=self.handover.id,
            since=now,
        )  # fmt: skip
        offer = Offer(
            id=new_id(), transfer_id=self.transfer.id, contract_id=contract.id, state="asked"
        )
        entry = FieldEntry(
            id=new_id(), visit_id=self.visit.id, team_id=self.team.id, hash=bytes(32),
            number=self.people.index(person) + 1, payload="{}", name=person.name, received_at=now,
            outcome="unreadable", person_id=person.id,
        )  # fmt: skip
        session.add_all((dispute, care, offer, entry))

    def _at_the_desk(self, name: str, person: Person, account: Account, department: UUID) -> None:
        session, hospital = self.session, self.desk
        clinic = self._clinic(name, hospital, department)
        make_template(session, clinic, clinic_name=f"{name}门诊").department_id = self.department
        [past, *_] = make_slots(session, clinic, day=self.yesterday)
        make_booking(session, past, person.id)
        [slot, *_] = make_slots(session, clinic)
        booking = make_booking(session, slot, make_person(session, name="某人").id)
        session.add(self._call(booking))
        make_referral(session, person, slot, self.team)
        make_suspension(session, hospital, person.id, appealed_at=clock.now(), appeal="请解除")
        make_case(session, hospital, account.id, person.id)
        make_binding(session, person, hospital.id)
        make_duplicate(session, person, make_person(session, name="相像的人"))
        make_claim(session, self.hospitals[(THIS, THAT).index(name)].id)
        change = PhoneChange(
            id=new_id(), person_id=person.id, institution_id=hospital.id, paper="id_card",
            new_phone=make_phone(), challenge_id=new_id(), state="done",
            recorded_by=self.registrar, recorded_by_name="登记员", created_at=clock.now(),
        )  # fmt: skip
        case = RecoveryCase(
            account_id=account.id, unit=str(hospital.id), unit_name=hospital.name,
            new_phone=make_phone(), state=sorted(OPEN)[0], begun_by=self.registrar,
            begun_by_name="登记员",
        )  # fmt: skip
        session.add_all((change, case))

    def _of_the_resident(self, name: str) -> None:
        session, person = self.session, self.people[0]
        hospital = self.hospitals[(THIS, THAT).index(name)]
        clinic = self._clinic(name, hospital, make_department(session, hospital).id)
        [slot, *_] = make_slots(session, clinic)
        make_booking(session, slot, person.id)
        make_wait(session, slot, person.id, self.resident)
        make_referral(session, person, slot, self.others[0]).to_name = hospital.name
        nurse = make_account(session, name=f"{name}护士", roles={Role.MEMBER: [str(self.team.id)]})
        make_event(session, nurse.id, person.id)
        make_question(session, nurse.id, self.accounts[(THIS, THAT).index(name)])
        pack = make_pack(session, name=f"{name}包")
        make_entitlement(session, person.id, pack)
        order = make_order(session, person)
        order.pack_code, order.state, order.closed_at = pack.code, "expired", clock.now()
        record = session.get_one(
            ServiceRecord, make_service_record(session, self.contracts[0], "T01")
        )
        record.staff_name, record.state = nurse.display_name, "confirmed"
        record.confirmed_at = clock.now()
        message = Message(
            person_id=person.id, sentence="请到%(hospital)s就诊",
            values={"hospital": hospital.name}, link="/", created_at=clock.now(),
        )  # fmt: skip
        session.add(message)

    def _clinic(self, name: str, hospital: Institution, department_id: UUID) -> Clinic:
        department = self.session.get_one(Department, department_id)
        doctor = make_staff(self.session, hospital, department=department, name=f"{name}医生")
        return Clinic(hospital, department, doctor)

    def _call(self, booking: Booking) -> HospitalCall:
        return HospitalCall(
            booking_id=booking.id, institution_id=booking.institution_id,
            division_code=booking.division_code, call=Call.LOCK, state=CallState.EXCEPTION,
            attempts=3, created_at=clock.now(),
        )  # fmt: skip

    def _handover(self, name: str) -> Handover:
        made = Handover(
            id=new_id(), team_id=self.team.id, residents=1, at=clock.now(), by_name="团队长",
            to_staff_id=staff_of(self.session, self.leader).id, to_name=f"{name}医生",
            account_id=self.leader,
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        return made

    def _transfer(self, receiver: Team) -> Transfer:
        now = clock.now()
        made = Transfer(
            id=new_id(), from_team_id=self.team.id, to_team_id=receiver.id, state="accepted",
            residents=1, note="x", proposed_at=now, proposed_by=self.leader, by_name="团队长",
            waits_until=now + 7 * DAY, accepted_at=now, account_id=self.leader,
            signature_id=self.signature, proof_method="sms", proved_at=now,
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        return made

    def _visit(self, name: str) -> FieldVisit:
        now = clock.now()
        made = FieldVisit(
            id=new_id(), team_id=self.team.id, account_id=self.leader, member_name=f"{name}医生",
            village_code="1", village_name="试验村", pack_code=BASIC, term_years=1,
            prepared_at=now, expires_at=now + 3 * DAY, sync_until=now + 9 * DAY,
            seed=bytes(32), last_hash=bytes(32),
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        return made

    def _reports(self) -> None:
        week = period_before(period_around(ReportKind.WEEK, clock.today()))
        teams = {team.id for team in (self.team, *self.others)}
        make_reports(self.session, week, teams)
        of_team = (Report.team_id == self.team.id, Report.staff_id.is_(None))
        self.report = self.session.scalars(select(Report.id).where(*of_team)).one()
        ids = [contract.id for contract in self.contracts]
        self.session.add(ReportRows(report_id=self.report, code=FigureCode.SIGNED, ids=ids))


def _link(hospital: Institution) -> HospitalLink:
    return HospitalLink(
        institution_id=hospital.id,
        institution_name=hospital.name,
        division_code=hospital.division_code,
        base_url="https://his.example",
        secret="whsec_AAAA",
    )
