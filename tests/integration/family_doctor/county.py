"""The panel's scratch county with all else that its pages list: applications, contracts that ended,
requests, invitations, disputes, transfers, visits, reports.
"""

from uuid import UUID

from sqlalchemy import Engine, text

from bench.panel import COUNTY as MEASURED
from bench.panel_world import TOWNSHIP, fill
from core import clock, crypto
from core.database import transaction
from family_doctor.periods import period_around, period_before
from family_doctor.schemas import ReportKind
from family_doctor.services.reports import make_reports

# Village teams, as most are, not the bench's of 1,700 residents: 340 of a table of 17,000 are few.
COUNTY = MEASURED._replace(teams=50)
# Of these a page may read no table from end to end.
LARGE = {
    "family_doctor_assignment",
    "family_doctor_contract",
    "family_doctor_contract_transition",
    "family_doctor_dispute",
    "family_doctor_field_entry",
    "family_doctor_follow_up",
    "family_doctor_invitation",
    "family_doctor_medicine",
    "family_doctor_obligation",
    "family_doctor_refill",
    "family_doctor_transfer_offer",
    "residents_group_membership",
    "residents_household",
    "residents_person",
    "service_packs_entitlement",
    "service_packs_entitlement_item",
    "service_packs_service_record",
}
SEALED = {
    "note": "family_doctor_handover.note",
    "medicine": "family_doctor_medicine.name",
    "dose": "family_doctor_medicine.dose",
    "refill": "family_doctor_refill.name",
    "refill_dose": "family_doctor_refill.dose",
    "phone": "family_doctor_invitation.phone",
    "said": "family_doctor_dispute.text",
    "decided": "family_doctor_dispute.decision",
    "transfer": "family_doctor_transfer.note",
    "payload": "family_doctor_field_entry.payload",
    "entry": "family_doctor_field_entry.name",
}
# Those after the first 17,000, who are in force: 5,000 apply, 13,000 were signed once.
NOT_IN_FORCE = """
INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code, channel,
    state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen, insurance_fen,
    person_fen, applied_at, accepted_at, signed_at, starts_on, ends_on, ended_at, end_reason,
    waits_until, version)
SELECT gen_random_uuid(), person_id, team.id, institution_id, :township, 'card', state, 'B',
    '基础包', 'Basic', 0, 0, 0, 0, begun, past, past, past::date, past::date + 364,
    past + interval '365 days', CASE WHEN past IS NOT NULL THEN 'expired' END,
    CASE WHEN past IS NULL THEN now() + interval '3 days' END, 1
FROM (
    SELECT id AS person_id, CASE WHEN n < 22000 THEN 'applied' ELSE 'expired' END AS state, n,
        now() - make_interval(days => CAST(CASE WHEN n < 22000
            THEN n % 10 ELSE 370 + n % 300 END AS int)) AS begun
    FROM (SELECT id, row_number() OVER (ORDER BY id_index) AS n FROM residents_person) AS numbered
    WHERE n > :contracts AND n <= 35000
) AS chosen
JOIN (SELECT *, row_number() OVER (ORDER BY name) - 1 AS m FROM directory_team) AS team
    ON team.m = chosen.n % :teams,
LATERAL (SELECT CASE state WHEN 'expired' THEN begun END AS past) AS term
"""
TRANSITIONS = """
INSERT INTO family_doctor_contract_transition (id, contract_id, at, account_id, actor_name,
    from_state, to_state)
SELECT gen_random_uuid(), id, signed_at, :account, '示例', 'applied', 'pending_signature'
FROM family_doctor_contract WHERE signed_at IS NOT NULL
"""
HANDOVERS = """
INSERT INTO family_doctor_handover (id, team_id, to_staff_id, to_name, residents, note, at,
    account_id, by_name)
SELECT gen_random_uuid(), team.id, :staff, '示例', 34, :note, now(), :account, '示例'
FROM directory_team AS team CROSS JOIN generate_series(1, 50)
"""
ASSIGNMENTS = """
INSERT INTO family_doctor_assignment (id, contract_id, team_id, staff_id, staff_name, handover_id,
    since, told_at)
SELECT gen_random_uuid(), contract.id, contract.team_id, :staff, '示例', given.ids[
    1 + abs(hashtext(contract.id::text)) % 50], now(), now()
FROM family_doctor_contract AS contract
JOIN (SELECT team_id, array_agg(id) AS ids FROM family_doctor_handover GROUP BY team_id) AS given
    ON given.team_id = contract.team_id
WHERE contract.state = 'active'
"""
MEDICINES = """
INSERT INTO family_doctor_medicine (id, person_id, division_code, class_code, name, dose,
    supply_days, since, runs_out_on, entered_by, entered_at)
SELECT gen_random_uuid(), person_id, :township, 'antihypertensive', :medicine, :dose, 28,
    DATE '2024-03-01', :today, '示例', now()
FROM family_doctor_contract WHERE state = 'active'
"""
# One that waits of every eighth medicine, and two that were answered of each.
REFILLS = """
INSERT INTO family_doctor_refill (id, medicine_id, person_id, team_id, institution_id,
    division_code, class_code, name, dose, state, asked_at, asked_by, asked_by_id, for_another,
    answer_by, usual_days, decided_at, decided_by, days)
SELECT gen_random_uuid(), medicine.id, medicine.person_id, team_id, institution_id, :township,
    'antihypertensive', :refill, :refill_dose, CASE n WHEN 0 THEN 'waiting' ELSE 'renewed' END,
    asked, '示例', medicine.person_id, false, asked + interval '3 days', 28,
    CASE WHEN n > 0 THEN asked END, CASE WHEN n > 0 THEN '示例' END, CASE WHEN n > 0 THEN 28 END
FROM family_doctor_medicine AS medicine
JOIN family_doctor_contract AS contract
    ON contract.person_id = medicine.person_id AND contract.state = 'active'
CROSS JOIN generate_series(0, 2) AS n,
LATERAL (SELECT now() - make_interval(days => 28 * n) AS asked) AS moment
WHERE n > 0 OR abs(hashtext(medicine.id::text)) % 8 = 0
"""
INVITATIONS = """
INSERT INTO family_doctor_invitation (id, team_id, account_id, invited_by, phone, phone_index,
    created_at, expires_at, sent_at, opened_at, contract_id)
SELECT gen_random_uuid(), team_id, :account, '示例', :phone, id::text::bytea, applied_at,
    applied_at + interval '14 days', applied_at,
    CASE WHEN hashtext(id::text) % 2 = 0 THEN applied_at END,
    CASE WHEN hashtext(id::text) % 4 = 0 THEN id END
FROM family_doctor_contract
"""
# Three answered and decided of each of the first contracts, and one that waits for the team.
DISPUTES = """
INSERT INTO family_doctor_dispute (id, contract_id, person_id, team_id, institution_id,
    division_code, subject, text, state, opened_at, answer_by, decided_at, decided_by, decision,
    version)
SELECT gen_random_uuid(), id, person_id, team_id, institution_id, :township, 'not_served', :said,
    CASE n WHEN 0 THEN 'open' ELSE 'dismissed' END, signed_at, signed_at + interval '7 days',
    CASE WHEN n > 0 THEN signed_at END, CASE WHEN n > 0 THEN CAST(:account AS uuid) END,
    CASE WHEN n > 0 THEN CAST(:decided AS bytea) END, 1
FROM family_doctor_contract CROSS JOIN generate_series(0, 3) AS n
WHERE family_doctor_contract.state = 'active'
    AND abs(hashtext(id::text)) % CASE n WHEN 0 THEN 20 ELSE 4 END = 0
"""
TRANSFERS = """
INSERT INTO family_doctor_transfer (id, from_team_id, to_team_id, state, residents, note,
    proposed_at, proposed_by, by_name, ended_at)
SELECT gen_random_uuid(), one.id, other.id, 'lapsed', 50, :transfer,
    now() - interval '60 days', :account, '示例', now() - interval '30 days'
FROM directory_team AS one JOIN directory_team AS other ON other.id <> one.id
CROSS JOIN generate_series(1, 4)
"""
OFFERS = """
INSERT INTO family_doctor_transfer_offer (id, transfer_id, contract_id, state, told_at, closed_at)
SELECT gen_random_uuid(), given.ids[1 + abs(hashtext(contract.id::text)) % 196], contract.id,
    'lapsed', now() - interval '60 days', now() - interval '30 days'
FROM family_doctor_contract AS contract
JOIN (
    SELECT from_team_id, array_agg(id) AS ids FROM family_doctor_transfer GROUP BY from_team_id
) AS given ON given.from_team_id = contract.team_id
WHERE contract.state = 'active'
"""
VISITS = """
INSERT INTO family_doctor_field_visit (id, team_id, account_id, member_name, village_code,
    village_name, pack_code, term_years, prepared_at, expires_at, sync_until, seed, last_hash)
SELECT gen_random_uuid(), team.id, :account, '示例', :township || lpad((n % 60)::text, 3, '0'),
    '第' || n % 60 || '村', 'B', 1, day, day + interval '3 days', day + interval '7 days',
    decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
FROM directory_team AS team CROSS JOIN generate_series(1, 100) AS n,
LATERAL (SELECT now() - make_interval(days => n) AS day) AS moment
"""
ENTRIES = """
INSERT INTO family_doctor_field_entry (id, visit_id, team_id, number, hash, payload, name,
    signed_at, received_at, outcome, settled_at, settled_by)
SELECT gen_random_uuid(), id, team_id, n, decode(repeat('00', 32), 'hex'), :payload, :entry,
    prepared_at, prepared_at, 'identity_mismatch', CASE WHEN n > 1 THEN prepared_at END,
    CASE WHEN n > 1 THEN CAST(:account AS uuid) END
FROM family_doctor_field_visit CROSS JOIN generate_series(1, 12) AS n
"""
# A team's reports of two years, all like the last week's.
REPORTS = """
INSERT INTO family_doctor_report (id, kind, starts_on, ends_on, team_id, staff_id, account_id,
    institution_id, division_code, team_name, staff_name, edition, made_at, rules, figures, points,
    total, digest)
SELECT gen_random_uuid(), kind, starts_on - 7 * n, ends_on - 7 * n, team_id, staff_id, account_id,
    institution_id, division_code, team_name, staff_name, edition, made_at, rules, figures, points,
    total, digest
FROM family_doctor_report CROSS JOIN generate_series(1, 100) AS n
"""


def fill_county(engine: Engine) -> UUID:
    """Fill an empty database; returns the team of the leader, who is bench.panel_world.USERNAME."""
    team = fill(engine, COUNTY)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        leads = "SELECT account_id, id FROM directory_staff WHERE account_id IS NOT NULL"
        account, staff = connection.execute(text(leads)).one()
        values: dict[str, object] = {
            "account": account,
            "staff": staff,
            "township": TOWNSHIP,
            "today": clock.today(),
            "contracts": COUNTY.contracts,
            "teams": COUNTY.teams,
            **{name: crypto.encrypt("示例", context) for name, context in SEALED.items()},
        }
        for statement in (
            NOT_IN_FORCE, TRANSITIONS, HANDOVERS, ASSIGNMENTS, MEDICINES, REFILLS, INVITATIONS,
            DISPUTES, TRANSFERS, OFFERS, VISITS, ENTRIES,
        ):  # fmt: skip
            query = text(statement)
            connection.execute(query, {name: values[name] for name in query._bindparams})
    with transaction() as session:
        make_reports(session, period_before(period_around(ReportKind.WEEK, clock.today())), {team})
        session.execute(text(REPORTS))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return team
