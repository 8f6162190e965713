"""The demo's accounts, what they may do, and the little that happens in the resident's box."""

from datetime import timedelta
from random import Random
from uuid import UUID

from appointments.events import SlotBooked
from auth.public import create_account, grant_role, link_person
from core import clock
from core.access import Role
from core.events import publish
from notifications.public import notify
from regions import demo
from regions.facts import Institution
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.orders import Order
from regions.load.organisation import Places, Team
from regions.load.signatures import SignatureLoader
from regions.names import NameMaker
from regions.pack import RegionPack
from service_packs.events import OrderPaid, ServiceRecorded

# All that was done for the resident is confirmed but the last service of the ordered pack, which
# was done yesterday and waits for an answer. Its promise is kept when the event is delivered.
_CONFIRMED = """
UPDATE service_packs_service_record
SET state = 'confirmed', confirmed_at = coalesce(confirmed_at, performed_at),
    dispute_reason = NULL, disputed_at = NULL
WHERE person_id = %(person_id)s
"""
_WAITING = """
UPDATE service_packs_service_record
SET state = 'recorded', confirmed_at = NULL, performed_at = %(at)s, created_at = %(at)s
WHERE id = (
    SELECT record.id
    FROM service_packs_service_record AS record
    JOIN service_packs_entitlement_item AS item ON item.id = record.entitlement_item_id
    JOIN service_packs_entitlement AS given ON given.id = item.entitlement_id
    WHERE given.source = 'order' AND given.person_id = %(person_id)s
    ORDER BY record.performed_at DESC LIMIT 1
)
RETURNING id, item_code, team_id
"""
_NOT_YET_KEPT = """
UPDATE family_doctor_obligation SET done_at = NULL, service_record_id = NULL
WHERE service_record_id = %(record_id)s
"""


class AccountLoader:
    """Writes the demo's accounts."""

    def __init__(self, bulk: Bulk, pack: RegionPack, places: Places, *, seed: int) -> None:
        self._bulk = bulk
        self._session = bulk.session
        self._pack = pack
        self._places = places
        self._rng = Random(f"{seed}/demo-staff")
        self._signatures = SignatureLoader(bulk, seed=seed + 1)

    def load(self, people: demo.Cast, team: Team, desk: Institution) -> None:
        """One for each role."""
        self._resident(people)
        self._team(people, team)
        self._registrar(desk)
        city, county = self._pack.region, self._county(team.division_code)
        institution = str(team.institution_id), team.institution_name
        for username, role, name, unit in (
            (demo.ADMINISTRATOR, Role.ADMINISTRATOR, "示例管理员", (city.code, city.name)),
            (demo.COUNTY_ADMINISTRATOR, Role.ADMINISTRATOR, "示例县区管理员", county),
            (demo.INSTITUTION_ADMINISTRATOR, Role.ADMINISTRATOR, "示例机构管理员", institution),
            (demo.ANALYST, Role.ANALYST, "示例分析员", (city.code, city.name)),
            (demo.SECURITY, Role.SECURITY, "示例安全管理员", (city.code, city.name)),
            (demo.AUDITOR, Role.AUDITOR, "示例审计员", (city.code, city.name)),
        ):
            grant_role(self._session, self._staff_account(username, name), role, *unit)

    def tell(self, people: demo.Cast, order: Order | None, booking_id: UUID | None) -> None:
        """What the resident is told: a welcome now, the rest as the rooms hear of it."""
        person_id = people.resident.id
        notify(self._session, person_id, demo.WELCOME, {}, "/")
        if booking_id:
            publish(self._session, SlotBooked(booking_id=booking_id, person_id=person_id))
        if order:
            publish(self._session, OrderPaid(order_id=order.id, person_id=person_id))
        self._leave_one_to_confirm(person_id)

    def _leave_one_to_confirm(self, person_id: UUID) -> None:
        self._bulk.run(_CONFIRMED, {"person_id": person_id})
        at = clock.now() - timedelta(days=1)
        waiting = self._bulk.rows(_WAITING, {"person_id": person_id, "at": at})
        for record_id, item_code, team_id in waiting:
            self._bulk.run(_NOT_YET_KEPT, {"record_id": record_id})
            recorded = ServiceRecorded(
                record_id=record_id,
                person_id=person_id,
                item_code=item_code,
                team_id=team_id,
                performed_at=at,
            )
            publish(self._session, recorded)

    def _resident(self, people: demo.Cast) -> None:
        person = people.resident
        account_id = self._account(demo.RESIDENT, person.name, person.phone)
        link_person(self._session, account_id, person.id, person.name)

    def _team(self, people: demo.Cast, team: Team) -> None:
        leader, nurse = team.members[0], next(m for m in team.members if m.profession == "nurse")
        for username, member, role in (
            (demo.LEADER, leader, Role.LEADER),
            (demo.NURSE, nurse, Role.MEMBER),
        ):
            account_id = self._staff_account(username, member.name)
            grant_role(self._session, account_id, role, str(team.id), team.name)
            self._work_as(member.id, account_id)
            if member is leader:
                self._signatures.load_kept(account_id)
                link_person(self._session, account_id, people.leader.id, people.leader.name)

    def _registrar(self, desk: Institution) -> None:
        names = NameMaker(self._pack.names, self._rng)
        name = names.name(names.surname(), "female", 1995)
        institution_id = self._places.institutions[desk.code]
        staff_id = Identifiers(self._rng).new()
        self._bulk.copy(
            "directory_staff",
            ("id", "institution_id", "name", "profession", "title", "introduction", "example"),
            [(staff_id, institution_id, name, "clerk", "", f"{desk.short_name}导诊台（示例）。",
              True)],
        )  # fmt: skip
        account_id = self._staff_account(demo.REGISTRAR, name)
        grant_role(self._session, account_id, Role.REGISTRAR, str(institution_id), desk.name)
        self._work_as(staff_id, account_id)

    def _county(self, township: str) -> tuple[str, str]:
        """Code and name of the county that a township lies in."""
        divisions = {division.code: division for division in self._pack.divisions}
        county = divisions[divisions[township].parent_code or township]
        return county.code, county.name

    def _staff_account(self, username: str, name: str) -> UUID:
        return self._account(username, name, demo.staff_phone(self._pack.region, username))

    def _account(self, username: str, name: str, phone: str | None) -> UUID:
        account = create_account(
            self._session,
            username=username,
            display_name=name,
            password=demo.PASSWORD,
            phone=phone,
        )
        return account.id

    def _work_as(self, staff_id: UUID, account_id: UUID) -> None:
        self._bulk.run(
            "UPDATE directory_staff SET account_id = %(account)s WHERE id = %(staff)s",
            {"account": account_id, "staff": staff_id},
        )
