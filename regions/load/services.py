"""Promised services and what was done of them, made up by the database from the entitlements.

They are the bulk of a region's history, so they never pass through Python. Chance comes from a
hash of what is promised: a seed gives one outcome.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from uuid import UUID

from core import clock, crypto
from regions.load.bulk import Bulk
from regions.load.organisation import Team

_TABLES = (
    "service_packs_entitlement_item",
    "service_packs_service_record",
    "family_doctor_obligation",
)
_COMPLAINTS = (
    "那天我不在家，没有人来过（示例）。",
    "只打了电话，没有上门（示例）。",
    "日期不对，请核对后再登记（示例）。",
    "这项服务做了一次，登记了两次（示例）。",
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a team keeps its promises: the share served in time, the share made up for later, and
    within how many days that is. What a contract itself promises has the whole term for both.
    """

    team_id: UUID
    in_time: float
    late: float
    late_days: int


def habit(team: Team, rng: Random) -> Habit:
    """Teams differ; together they keep about 84 %."""
    return Habit(team.id, rng.uniform(0.71, 0.87), 0.05, 45)


def model_habit(team: Team) -> Habit:
    """A team that makes up for all it missed within a fortnight, so that its list is workable."""
    return Habit(team.id, 0.68, 0.32, 14)


def load_services(
    bulk: Bulk,
    habits: Iterable[Habit],
    teams: Iterable[Team],
    *,
    seed: int,
    now: datetime,
    today: date,
) -> None:
    """Items of all entitlements, their service records, and the contracts' dated obligations."""
    values = {"seed": seed, "now": now, "today": today, "zone": clock.zone().key}
    bulk.run("SET LOCAL work_mem = '256MB'")
    bulk.run("SET LOCAL maintenance_work_mem = '256MB'")
    _make_tables(bulk, habits, teams)
    bulk.analyze("service_packs_entitlement")
    bulk.run(_MADE_ID)
    bulk.run(_PROMISES, values)
    bulk.analyze("load_promise")
    with bulk.bare(*_TABLES):
        bulk.run(_ITEMS)
        bulk.analyze("service_packs_entitlement_item")
        bulk.run(_RECORDS, values)
        bulk.run(_OBLIGATIONS)


def _make_tables(bulk: Bulk, habits: Iterable[Habit], teams: Iterable[Team]) -> None:
    bulk.run(
        "CREATE TEMP TABLE load_habit (team_id uuid, in_time float8, late float8, late_days int)"
        " ON COMMIT DROP"
    )
    bulk.copy(
        "load_habit",
        ("team_id", "in_time", "late", "late_days"),
        ((each.team_id, each.in_time, each.late, each.late_days) for each in habits),
    )
    bulk.run(
        "CREATE TEMP TABLE load_member (team_id uuid, place int, places int, staff_id uuid,"
        " name text) ON COMMIT DROP"
    )
    bulk.copy(
        "load_member",
        ("team_id", "place", "places", "staff_id", "name"),
        (
            (team.id, place, len(team.members), member.id, member.name)
            for team in teams
            for place, member in enumerate(team.members)
        ),
    )
    bulk.run("CREATE TEMP TABLE load_complaint (place int, reason bytea) ON COMMIT DROP")
    context = "service_packs_service_record.dispute_reason"
    bulk.copy(
        "load_complaint",
        ("place", "reason"),
        ((place, crypto.encrypt(text, context)) for place, text in enumerate(_COMPLAINTS)),
    )
    bulk.analyze("load_habit", "load_member", "load_complaint")


# A UUIDv7 of a day and a hash, the same at every load of that day; ``kind`` (two hexadecimal
# digits) tells apart what is made of the same hash.
_MADE_ID = """
CREATE OR REPLACE FUNCTION pg_temp.made_id(moment timestamptz, hash bigint, kind text)
RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((date_part('epoch', date_trunc('day', moment)) * 1000)::bigint), 12, '0')
        || '7' || substr(digits, 1, 3) || '8' || substr(digits, 4) || kind)::uuid
    FROM (SELECT lpad(to_hex(hash), 16, '0')) AS hashed (digits)
$$
"""

# Each service of a pack with its window and when it was done, if it was: a share in its window, a
# share late, and none after the entitlement ended or today. Of those for the asking few are asked
# for: some four a contract and year (load model).
_PROMISES = """
CREATE TEMP TABLE load_promise ON COMMIT DROP AS
SELECT entitlement_id, source, source_id, person_id, team_id, division_code, signed_at, ended_at,
    ended_on, item_code, scheduled, sequence, times, opens_on, due_on, chance, rest,
    CASE
        WHEN done_on IS NULL OR done_on >= ended_on OR done_on > %(today)s::date THEN NULL
        WHEN done_on = %(today)s::date THEN %(now)s - rest %% 240 * interval '1 minute'
        ELSE greatest(
            signed_at, (done_on + time '08:00' + rest %% 600 * interval '1 minute')
                AT TIME ZONE %(zone)s
        )
    END AS served_at
FROM (
    SELECT windows.*, (chance >> 40 & 1048575)::int AS rest,
        CASE
            WHEN luck < share THEN opens_on + floor(moment * (due_on - opens_on + 1))::int
            WHEN scheduled AND luck < in_time + late
                THEN due_on + 1 + floor(moment * late_days)::int
        END AS done_on
    FROM (
        SELECT given.id AS entitlement_id, given.source, given.source_id, given.person_id,
            given.team_id, given.division_code, given.created_at AS signed_at, given.ended_at,
            (given.ended_at AT TIME ZONE %(zone)s)::date AS ended_on,
            plan.item_code, plan.scheduled, plan.sequence, plan.times,
            given.starts_on + plan.opens AS opens_on, given.starts_on + plan.due AS due_on,
            hashtextextended(
                given.source_id::text || plan.item_code || plan.sequence, %(seed)s
            ) AS chance
        FROM (SELECT * FROM service_packs_entitlement ORDER BY created_at) AS given
        JOIN load_plan AS plan ON plan.pack_code = given.pack_code
            AND plan.days = given.ends_on - given.starts_on + 1
    ) AS windows
    JOIN load_habit AS habit ON habit.team_id = windows.team_id
    CROSS JOIN LATERAL (
        SELECT (chance & 1048575) / 1048576.0::float8,
            (chance >> 20 & 1048575) / 1048576.0::float8,
            CASE WHEN NOT scheduled THEN 0.055 WHEN source = 'order' THEN in_time
                ELSE in_time + late END
    ) AS chances (luck, moment, share)
) AS planned
"""

_ITEMS = """
INSERT INTO service_packs_entitlement_item
    (id, entitlement_id, item_code, times_total, times_used)
SELECT pg_temp.made_id(
        min(signed_at), hashtextextended(entitlement_id::text || item_code, 0), '01'
    ), entitlement_id, item_code, count(*), count(served_at)
FROM load_promise GROUP BY entitlement_id, item_code
"""

# Of a hundred services the residents confirmed 88 and disputed one; the others are not answered.
_RECORDS = """
INSERT INTO service_packs_service_record
    (id, entitlement_item_id, person_id, division_code, item_code, team_id, staff_id, staff_name,
     performed_at, state, dispute_reason, disputed_at, confirmed_at, created_at)
SELECT pg_temp.made_id(served_at, chance, '02'), item.id, person_id, division_code,
    promise.item_code, promise.team_id, member.staff_id, member.name, served_at,
    CASE answer WHEN 0 THEN 'confirmed' WHEN 1 THEN 'disputed' ELSE 'recorded' END,
    CASE answer WHEN 1 THEN complaint.reason END,
    CASE answer WHEN 1 THEN answered_at END,
    CASE answer WHEN 0 THEN answered_at END,
    served_at
FROM load_promise AS promise
JOIN service_packs_entitlement_item AS item
    ON item.entitlement_id = promise.entitlement_id AND item.item_code = promise.item_code
JOIN load_member AS member
    ON member.team_id = promise.team_id AND member.place = rest %% member.places
JOIN load_complaint AS complaint ON complaint.place = rest %% 4
CROSS JOIN LATERAL (
    SELECT CASE WHEN rest %% 100 < 88 THEN 0 WHEN rest %% 100 < 89 THEN 1 ELSE 2 END,
        least(%(now)s, served_at + rest %% 2880 * interval '1 minute')
) AS answers (answer, answered_at)
WHERE served_at IS NOT NULL
ORDER BY served_at
"""

# What is owed by a date: by the contract, or beside it by a pack that was ordered under the one
# in force. What was not yet due when the contract ended is excused.
_OBLIGATIONS = """
INSERT INTO family_doctor_obligation
    (id, contract_id, entitlement_id, person_id, team_id, division_code, item_code, item_name,
     item_name_en, sequence, times, opens_on, remind_from, due_on, late_after, done_at,
     service_record_id, excused_at)
SELECT pg_temp.made_id(promise.signed_at, chance, '03'), coalesce(in_force.id, source_id),
    entitlement_id, promise.person_id, promise.team_id, promise.division_code, item.code,
    item.name, item.name_en, sequence, times, opens_on, greatest(opens_on, due_on - 7), due_on,
    due_on, served_at,
    CASE WHEN served_at IS NOT NULL THEN pg_temp.made_id(served_at, chance, '02') END,
    CASE WHEN served_at IS NULL AND due_on >= ended_on THEN promise.ended_at END
FROM load_promise AS promise
JOIN service_packs_item AS item ON item.code = promise.item_code
LEFT JOIN family_doctor_contract AS in_force ON source = 'order'
    AND in_force.person_id = promise.person_id AND in_force.state IN ('active', 'expiring')
WHERE promise.scheduled
"""
