"""A scratch county for the panel: residents, contracts, what is owed and what was found, by
statements on sets; ten thousand rows take a second.
"""

import json
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant
from core import clock, crypto
from core.access import Role
from core.ids import new_id
from directory.models import Division, Institution, Staff, Team, TeamMember
from regions.load.bulk import Bulk
from regions.load.catalogue import load_catalogue
from regions.load.norms import load_norms
from regions.pack import load_pack

TOWNSHIP = "990102001"
USERNAME = "bench-leader"
# What a follow-up found, of every kind of row the same.
FOUND = {"visit_way": "clinic", "sbp": 152, "dbp": 96, "adherence": "regular", "adr": "no"}
SURNAMES = "韦陈李黄梁覃莫甘卢杨"
HOUSEHOLDS = """
INSERT INTO residents_household (id, division_code, village_code, village_name)
SELECT gen_random_uuid(), :township, :township || lpad((n % 60)::text, 3, '0'),
    '第' || n % 60 || '村'
FROM generate_series(0, :people / 3) AS n
"""
PEOPLE = """
INSERT INTO residents_person (id, household_id, relation, name, sex, birth_date, id_number,
    id_index, id_tail_index, division_code, example, created_at)
SELECT gen_random_uuid(), homes.ids[1 + n / 3], 'self',
    substr(:surnames, 1 + n % 10, 1) || '示例' || n,
    CASE n % 2 WHEN 0 THEN 'female' ELSE 'male' END, DATE '1935-01-01' + n * 7919 % 31000,
    :id_number, n::text::bytea, (n % 10000)::text::bytea, :township, true, now()
FROM generate_series(0, :people - 1) AS n,
    (SELECT array_agg(id) AS ids FROM residents_household) AS homes
"""
# Those with a contract are the first; teams take turns, so that each has residents everywhere.
CONTRACTS = """
INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code, channel,
    state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen, insurance_fen,
    person_fen, applied_at, accepted_at, signed_at, starts_on, ends_on, version)
SELECT gen_random_uuid(), id, (CAST(:teams AS uuid[]))[1 + n % :team_count], :institution,
    :township, 'portal', 'active', 'B', '基础包', 'Basic', 0, 0, 0, 0, begun, begun, begun,
    begun::date, begun::date + 364, 1
FROM (
    SELECT id, row_number() OVER (ORDER BY id_index) AS n,
        now() - make_interval(days => abs(hashtext(id::text)) % :spread) AS begun
    FROM residents_person ORDER BY id_index LIMIT :contracts
) AS chosen
"""
ENTITLEMENTS = """
INSERT INTO service_packs_entitlement (id, person_id, division_code, pack_code, source, source_id,
    team_id, starts_on, ends_on, created_at)
SELECT gen_random_uuid(), person_id, division_code, 'B', 'contract', id, team_id, starts_on,
    ends_on, now() FROM family_doctor_contract
"""
GROUPS = """
INSERT INTO residents_group_membership (person_id, group_code, source, since)
SELECT id, code, 'bench', DATE '2020-01-01' FROM residents_person
CROSS JOIN (VALUES ('03', 1), ('04', 2), ('05', 3)) AS g (code, every)
WHERE abs(hashtext(id::text)) % every = 0
"""
PACK = """
INSERT INTO service_packs_pack (code, name, name_en, tier, list_price_fen, price_fen,
    public_health_fen, insurance_fen, person_fen, example)
VALUES ('B', '基础包', 'Basic', 'basic', 0, 0, 0, 0, 0, true)
"""
ITEMS = """
INSERT INTO service_packs_entitlement_item (id, entitlement_id, item_code, times_total, times_used)
SELECT gen_random_uuid(), id, 'F01', 12, 0 FROM service_packs_entitlement
"""
# A service a month; nine of ten that fell due were done, in the days before.
OWED = """
CREATE TEMPORARY TABLE owed AS
SELECT contract.id AS contract_id, held.id AS held_id, item.id AS item_id, contract.person_id,
    contract.team_id, n, contract.starts_on + 30 * n AS due_on,
    contract.starts_on + 30 * n < :today
        AND abs(hashtext(contract.id::text || n)) % 10 > 0 AS done,
    gen_random_uuid() AS record_id
FROM family_doctor_contract AS contract
JOIN service_packs_entitlement AS held ON held.source_id = contract.id
JOIN service_packs_entitlement_item AS item ON item.entitlement_id = held.id
CROSS JOIN generate_series(1, 12) AS n
"""
RECORDS = """
INSERT INTO service_packs_service_record (id, entitlement_item_id, person_id, division_code,
    item_code, team_id, staff_id, staff_name, performed_at, state, created_at)
SELECT record_id, item_id, person_id, :township, 'F01', team_id, :staff, '示例',
    due_on - n % 7 + time '10:00', 'recorded', now() FROM owed WHERE done
"""
OBLIGATIONS = """
INSERT INTO family_doctor_obligation (id, contract_id, entitlement_id, person_id, team_id,
    division_code, kind, slot, norm_code, item_code, item_name, item_name_en, sequence, times,
    opens_on, remind_from, due_on, late_after, done_at, service_record_id)
SELECT gen_random_uuid(), contract_id, held_id, person_id, team_id, :township, 'norm',
    'y' || n, '04-F01', 'F01', '血压随访', 'Blood pressure', n, 12, due_on - 20, due_on - 7,
    due_on, due_on + 3, CASE WHEN done THEN due_on - n % 7 + time '10:00' END,
    CASE WHEN done THEN record_id END
FROM owed
"""
FOLLOW_UPS = """
INSERT INTO family_doctor_follow_up (id, service_record_id, person_id, team_id, division_code,
    item_code, norm_code, form_code, form_version, performed_at, document, computed, result,
    emergency, referral, next_on)
SELECT gen_random_uuid(), record.id, record.person_id, record.team_id, :township, 'F01', '04-F01',
    form.code, form.version, record.performed_at, :document, result, result, false, false, NULL
FROM service_packs_service_record AS record
JOIN residents_group_membership AS member
    ON member.person_id = record.person_id AND member.group_code = '04'
CROSS JOIN (
    SELECT code, version FROM family_doctor_form WHERE code = 'hypertension'
    ORDER BY version DESC LIMIT 1
) AS form
CROSS JOIN LATERAL (
    SELECT CASE abs(hashtext(record.id::text)) % 7 WHEN 0 THEN 'uncontrolled' ELSE 'controlled'
        END AS result
) AS found
"""


class Size(NamedTuple):
    """How large the county is; contracts began on one of the last ``spread`` days."""

    people: int
    contracts: int
    teams: int
    spread: int = 1
    owed: bool = False


def fill(engine: Engine, size: Size) -> UUID:
    """Fill an empty database; returns the first team, which USERNAME leads."""
    institution, teams = new_id(), [new_id() for _ in range(size.teams)]
    with Session(engine) as session, session.begin():
        bulk, pack = Bulk(session), load_pack("guigang")
        load_catalogue(bulk, pack)
        load_norms(bulk, pack)
        staff = _staff(session, institution, teams)
        values: dict[str, object] = {
            **size._asdict(),
            "institution": institution,
            "teams": teams,
            "team_count": size.teams,
            "staff": staff,
            "township": TOWNSHIP,
            "today": clock.today(),
            "surnames": SURNAMES,
            "id_number": crypto.encrypt("0" * 18, "residents_person.id_number"),
            "document": crypto.encrypt(json.dumps(FOUND), "family_doctor_follow_up.document"),
        }
        # What is made here refers to what is there: no foreign key is looked up, row by row.
        session.execute(text("SET LOCAL session_replication_role = replica"))
        statements = [HOUSEHOLDS, PEOPLE, PACK, CONTRACTS, ENTITLEMENTS, GROUPS]
        if size.owed:
            statements += [ITEMS, OWED, RECORDS, OBLIGATIONS, FOLLOW_UPS]
        for statement in statements:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), used)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return teams[0]


def _staff(session: Session, institution: UUID, teams: list[UUID]) -> UUID:
    """The institution, its teams, the leader of the first, and who leads the others."""
    account, staff, colleague = new_id(), new_id(), new_id()
    levels = (("990100", "city"), ("990102", "county"), (TOWNSHIP, "town"))
    for code, level in levels:
        session.add(Division(code=code, name=code, level=level, population=0, estimated=False))
    session.flush()
    session.add(
        Institution(
            id=institution, code="bench", name="示例卫生院", short_name="", type_code="C220",
            level="", ownership="public", division_code=TOWNSHIP, address="", beds=0, doctors=0,
            nurses=0, bookable=False,
        )
    )  # fmt: skip
    session.add(Account(id=account, display_name="示例", username=USERNAME))
    session.flush()
    for number, team in enumerate(teams):
        session.add(
            Team(
                id=team, institution_id=institution, division_code=TOWNSHIP,
                name=f"示例团队{number}", capacity=2000, introduction="",
            )
        )  # fmt: skip
    for leader, of_account in ((staff, account), (colleague, None)):
        session.add(
            Staff(
                id=leader, institution_id=institution, account_id=of_account, name="示例",
                profession="doctor", title="", introduction="",
            )
        )  # fmt: skip
    begun = clock.now() - timedelta(days=1)
    session.add(
        RoleGrant(
            id=new_id(), account_id=account, role=Role.LEADER, unit=str(teams[0]),
            unit_name="示例团队0", starts_at=begun,
        )
    )  # fmt: skip
    session.flush()
    for team in teams:
        leader = staff if team == teams[0] else colleague
        session.add(TeamMember(team_id=team, staff_id=leader, duty="leader"))
    session.flush()
    return staff
