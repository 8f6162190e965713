"""What the loader writes keeps every promise that the rooms' own services would have kept."""

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, text

from core import clock, database
from family_doctor.public import plan, term_end
from regions import demo
from regions.load.region import load_demo, load_organisation
from regions.pack import RegionPack
from tests.conftest import jobs_drained
from tests.integration.regions.conftest import SCALE, bound_clone

# Each counts rows that must not be there.
VIOLATIONS = {
    "a use without a record, or a record too many": """
        SELECT count(*) FROM service_packs_entitlement_item AS item
        WHERE times_used > times_total OR times_used <> (
            SELECT count(*) FROM service_packs_service_record AS record
            WHERE record.entitlement_item_id = item.id)""",
    "a service outside the term of its entitlement": """
        SELECT count(*) FROM service_packs_service_record AS record
        JOIN service_packs_entitlement_item AS item ON item.id = entitlement_item_id
        JOIN service_packs_entitlement AS given ON given.id = item.entitlement_id
        WHERE (performed_at AT TIME ZONE 'Asia/Shanghai')::date NOT BETWEEN starts_on AND ends_on
            OR performed_at > coalesce(ended_at, now())
            OR record.person_id <> given.person_id""",
    "an entitlement that gives other services than its pack": """
        SELECT count(*) FROM service_packs_entitlement AS given
        WHERE (SELECT count(*) FROM service_packs_pack_item AS promised
               WHERE promised.pack_code = given.pack_code)
           <> (SELECT count(*) FROM service_packs_entitlement_item AS item
               JOIN service_packs_pack_item AS promised ON promised.pack_code = given.pack_code
                   AND promised.item_code = item.item_code AND times_total = times_per_year
               WHERE item.entitlement_id = given.id)""",
    "places of a slot that are neither free nor taken": """
        SELECT count(*) FROM appointments_slot AS slot
        LEFT JOIN (
            SELECT slot_id, count(*) AS issued, count(*) FILTER (WHERE state <> 'cancelled') AS live
            FROM appointments_booking GROUP BY slot_id
        ) AS booked ON booked.slot_id = slot.id
        WHERE taken <> coalesce(live, 0) OR slot.issued <> coalesce(booked.issued, 0)
        """,
    "a booking that says otherwise than its slot": """
        SELECT count(*) FROM appointments_booking AS booking
        JOIN appointments_slot AS slot ON slot.id = slot_id
        WHERE (booking.date, booking.starts_at, booking.department_id, booking.institution_id)
            <> (slot.date, slot.starts_at, slot.department_id, slot.institution_id)
            OR booking.created_at NOT BETWEEN opens_at AND closes_at
            OR cancelled_at NOT BETWEEN booking.created_at AND cancel_until""",
    "a patient with two visits on a day": """
        SELECT count(*) FROM (
            SELECT FROM appointments_booking WHERE state <> 'cancelled'
            GROUP BY person_id, date HAVING count(*) > 1) AS twice""",
    "two live contracts of a person": """
        SELECT count(*) FROM (
            SELECT FROM family_doctor_contract
            WHERE state IN ('applied', 'pending_signature', 'active', 'expiring')
            GROUP BY person_id HAVING count(*) > 1) AS twice""",
    "two contracts in force on a day": """
        SELECT count(*) FROM family_doctor_contract AS one
        JOIN family_doctor_contract AS other ON other.person_id = one.person_id
            AND other.id > one.id AND other.starts_on <= one.ends_on
            AND other.ends_on >= one.starts_on
        WHERE one.ended_at IS NULL OR one.ended_at > other.signed_at""",
    "a team with other places taken than its contracts hold": """
        SELECT count(*) FROM directory_team AS team
        LEFT JOIN family_doctor_team_load AS load ON load.team_id = team.id
        WHERE coalesce(taken, 0) > capacity OR coalesce(taken, 0) <> (
            SELECT count(*) FROM family_doctor_contract AS contract
            WHERE contract.team_id = team.id
                AND state IN ('pending_signature', 'active', 'expiring'))""",
    "a contract in another state than its history": """
        SELECT count(*) FROM family_doctor_contract AS contract
        WHERE state <> (
            SELECT to_state FROM family_doctor_contract_transition AS step
            WHERE step.contract_id = contract.id ORDER BY at DESC, id DESC LIMIT 1)""",
    "a contract whose moments run backwards": """
        SELECT count(*) FROM family_doctor_contract
        WHERE accepted_at < applied_at OR signed_at < accepted_at OR ended_at < signed_at
            OR greatest(applied_at, accepted_at, signed_at, ended_at) > now()""",
    "a contract that the calendar would move on at once": """
        SELECT count(*) FROM family_doctor_contract
        WHERE state = 'applied' AND applied_at < now() - interval '7 days'
            OR state = 'pending_signature' AND accepted_at < now() - interval '3 days'
            OR state = 'active' AND ends_on <= current_date + 29
            OR state = 'expiring' AND ends_on < current_date - 1""",
    "a contract in force before birth": """
        SELECT count(*) FROM family_doctor_contract AS contract
        JOIN residents_person AS person ON person.id = person_id WHERE starts_on < birth_date""",
    "an obligation done by nobody's or somebody else's service": """
        SELECT count(*) FROM family_doctor_obligation AS owed
        LEFT JOIN service_packs_service_record AS record ON record.id = service_record_id
        WHERE done_at IS NOT NULL AND (
            record.id IS NULL OR record.person_id <> owed.person_id
            OR record.item_code <> owed.item_code OR record.performed_at <> done_at)""",
    "an open obligation of a contract that ended before it was due": """
        SELECT count(*) FROM family_doctor_obligation AS owed
        JOIN family_doctor_contract AS contract ON contract.id = contract_id
        WHERE done_at IS NULL AND excused_at IS NULL AND due_on > ended_at::date + 1""",
    "an order paid without a settled payment, or a sum that differs": """
        SELECT count(*) FROM service_packs_order AS placed
        LEFT JOIN payments_payment AS payment ON payment.id = payment_id
        WHERE (person_fen > 0) <> (payment.id IS NOT NULL) OR payment.amount_fen <> person_fen
            OR payment.subject_id <> placed.id
            OR (payment.state = 'settled') <> (placed.state = 'paid')""",
    "a payment that a provider could know": """
        SELECT count(*) FROM payments_payment WHERE provider_reference NOT LIKE 'demo\\_%'""",
    "a paid order without what was bought": """
        SELECT count(*) FROM service_packs_order AS placed
        WHERE state = 'paid' AND NOT EXISTS (
            SELECT FROM service_packs_entitlement WHERE source = 'order' AND source_id = placed.id)
        """,
    "somebody made up who is not marked": """
        SELECT (SELECT count(*) FROM residents_person WHERE NOT example)
            + (SELECT count(*) FROM directory_staff WHERE NOT example)
            + (SELECT count(*) FROM directory_team WHERE NOT example)""",
}
# What tells a row of each of these tables: the loader makes its ids itself; what the planner adds
# has ids of the moment, so those tables are told by what their rows say.
SAME = {
    "residents_person": "id::text",
    "directory_staff": "id::text",
    "family_doctor_contract": "id::text",
    "family_doctor_obligation": "concat_ws(' ', contract_id, kind, item_code, norm_code, sequence,"
    " opens_on, remind_from, due_on, late_after, done_at IS NULL, excused_at IS NULL)",
    "service_packs_entitlement_item": "concat_ws(' ', entitlement_id, item_code, times_total,"
    " times_used)",
    "service_packs_service_record": "id::text",
    "service_packs_order": "id::text",
}


def number(engine: Engine, query: str, **values: Any) -> Any:
    """The one value of a query."""
    with engine.connect() as connection:
        return connection.execute(text(query), values).scalar_one()


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_no_row_contradicts_another(loaded: Engine, violation: str) -> None:
    assert number(loaded, VIOLATIONS[violation]) == 0


@pytest.mark.parametrize(
    "table",
    [
        "family_doctor_obligation", "service_packs_service_record", "payments_payment",
        "appointments_booking", "appointments_template", "appointments_holiday",
        "gov_stats_value", "directory_village",
    ],
)  # fmt: skip
def test_every_table_has_rows(loaded: Engine, table: str) -> None:
    assert number(loaded, f'SELECT count(*) FROM "{table}"') > 0


def test_a_contract_owes_what_its_pack_says(loaded: Engine, small_pack: RegionPack) -> None:
    items = {item.code: item for item in small_pack.service_items}
    basic = next(pack for pack in small_pack.packs if pack.tier == "basic")
    owed = [
        (items[i.item].code, items[i.item].name, items[i.item].name_en, i.times)
        for i in basic.items
        if items[i.item].scheduled
    ]
    with loaded.connect() as connection:
        contract = connection.execute(
            text("SELECT id, starts_on, ends_on FROM family_doctor_contract WHERE state = 'active'")
        ).first()
        assert contract is not None
        rows = connection.execute(
            text(
                "SELECT item_code, item_name, item_name_en, sequence, times, opens_on,"
                " remind_from, due_on, late_after"
                " FROM family_doctor_obligation AS owed"
                " JOIN service_packs_entitlement AS given ON given.id = entitlement_id"
                " WHERE contract_id = :id AND given.source = 'contract' AND owed.kind = 'pack'"
            ),
            {"id": contract.id},
        )
        made = sorted(tuple(row) for row in rows)
    assert contract.ends_on == term_end(contract.starts_on, 1)
    assert made == sorted(map(tuple, plan(owed, contract.starts_on, contract.ends_on, 1)))


def test_constraints_and_indexes_are_all_back(loaded: Engine, template: str) -> None:
    query = (
        "SELECT (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY conname)::text"
        " FROM pg_constraint), (SELECT array_agg(indexdef ORDER BY indexname)::text"
        " FROM pg_indexes WHERE schemaname = 'public')"
    )
    with bound_clone(template) as fresh, fresh.connect() as one, loaded.connect() as other:
        assert one.execute(text(query)).one() == other.execute(text(query)).one()


@pytest.mark.parametrize(
    "name",
    [
        demo.RESIDENT,
        demo.LEADER,
        demo.NURSE,
        demo.REGISTRAR,
        demo.ADMINISTRATOR,
        demo.COUNTY_ADMINISTRATOR,
        demo.INSTITUTION_ADMINISTRATOR,
        demo.ANALYST,
        demo.SECURITY,
        demo.AUDITOR,
    ],
)
def test_the_demo_accounts_sign_in(loaded: Engine, app: APIFlask, name: str) -> None:
    command = {"username": name, "password": demo.PASSWORD}
    answer = app.test_client().post("/api/v1/auth/tokens/password", json=command)
    if name == demo.RESIDENT:
        assert answer.status_code == 201, answer.json
        return
    assert answer.json
    assert answer.json["code"] == "second_factor_required"
    assert answer.json["methods"] == ["sms"]


def test_the_demo_resident_has_something_of_everything(
    loaded: Engine, app: APIFlask, small_pack: RegionPack
) -> None:
    jobs_drained()
    own = "(SELECT person_id FROM auth_account WHERE username = 'demo-resident')"
    counts = {
        "a woman of 68": f"residents_person WHERE id = {own} AND sex = 'female'"
        " AND extract(year FROM age(birth_date)) = 68",
        "a contract": f"family_doctor_contract WHERE person_id = {own} AND state = 'active'",
        "a visit": f"appointments_booking WHERE person_id = {own} AND starts_at > now()",
        "a paid pack": f"service_packs_order WHERE person_id = {own} AND state = 'paid'",
        "a service to confirm": f"service_packs_service_record WHERE person_id = {own}"
        " AND state = 'recorded'",
    }
    for what, rows in counts.items():
        assert number(loaded, f"SELECT count(*) FROM {rows}") == 1, what
    left = number(
        loaded,
        "SELECT sum(times_total - times_used) FROM service_packs_entitlement_item AS item"
        " JOIN service_packs_entitlement AS given ON given.id = entitlement_id"
        f" WHERE given.source = 'order' AND person_id = {own}",
    )
    assert left > 0
    # A welcome, and one message each of the visit, the pack and the service.
    messages = f"SELECT count(*) FROM notifications_message WHERE person_id = {own}"
    assert number(loaded, messages) == 4
    assert number(loaded, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == 0
    phone = demo.resident_phone(small_pack.region)
    assert phone.startswith(small_pack.region.demo_phone_prefix)


def test_the_leader_has_work_to_do(loaded: Engine) -> None:
    team = "(SELECT unit::uuid FROM auth_role_grant WHERE role = 'leader')"
    waiting = f"family_doctor_contract WHERE team_id = {team} AND state = 'applied'"
    assert number(loaded, f"SELECT count(*) FROM {waiting}") >= 3
    due = f"family_doctor_obligation WHERE team_id = {team} AND done_at IS NULL AND due_on = :today"
    today = clock.today()
    assert number(loaded, f"SELECT count(*) FROM {due}", today=today) >= 1
    proposed = f"""family_doctor_label_proposal AS proposed
        JOIN family_doctor_contract AS signed ON signed.person_id = proposed.person_id
        WHERE signed.team_id = {team} AND signed.state = 'active' AND proposed.state = 'open'
            AND NOT EXISTS (
                SELECT FROM residents_group_membership AS held
                WHERE held.person_id = proposed.person_id AND held.group_code = proposed.group_code)
            AND (SELECT count(*) FROM family_doctor_follow_up AS measured
                WHERE measured.person_id = proposed.person_id
                    AND position(measured.id::text IN proposed.records::text) > 0) >= 2"""
    assert number(loaded, f"SELECT count(*) FROM {proposed}") >= 1
    roles = "SELECT count(person_id) FROM auth_account WHERE username = 'demo-leader'"
    assert number(loaded, roles) == 1


def test_the_desk_has_patients_today(loaded: Engine) -> None:
    desk = "(SELECT unit::uuid FROM auth_role_grant WHERE role = 'registrar')"
    query = f"SELECT count(*) FROM appointments_booking WHERE institution_id = {desk} AND date = :d"
    assert number(loaded, query, d=clock.today()) >= 5


def test_referrals_wait_for_the_team_and_the_hospital(loaded: Engine) -> None:
    for direction, role, unit in (
        ("up", "registrar", "to_institution_id"),
        ("down", "leader", "to_team_id"),
    ):
        theirs = f"(SELECT unit::uuid FROM auth_role_grant WHERE role = '{role}')"
        query = (
            f"SELECT count(*) FROM appointments_referral WHERE {unit} = {theirs}"
            f" AND direction = '{direction}' AND state = 'sent' AND answer_by > now()"
        )
        assert number(loaded, query) >= 1, direction
    held = (
        "SELECT count(*) FROM appointments_referral AS referral"
        " JOIN appointments_booking AS booking ON booking.id = booking_id"
        " WHERE booking.person_id <> referral.person_id OR booking.pool <> 'referral'"
        " OR (booking.state = 'held') <> (referral.state IN ('sent', 'asked'))"
    )
    assert number(loaded, held) == 0
    assert number(loaded, "SELECT count(*) FROM appointments_referral WHERE NOT example") == 0


def test_the_fulfilment_index_is_near_84_percent(loaded: Engine) -> None:
    query = (
        "SELECT count(done_at)::float / count(*) FROM family_doctor_obligation"
        " WHERE excused_at IS NULL AND due_on < :today"
    )
    assert number(loaded, query, today=clock.today()) == pytest.approx(0.84, abs=0.06)


def test_a_second_load_is_refused_and_changes_nothing(loaded: Engine, app: APIFlask) -> None:
    before = number(loaded, "SELECT count(*) FROM residents_person")
    outcome = app.test_cli_runner().invoke(args=["region", "load", "guigang"])
    assert outcome.exit_code == 1
    assert "already has a region" in outcome.output
    assert number(loaded, "SELECT count(*) FROM residents_person") == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["nowhere"], "no region pack"), (["guigang", "--scale", "2"], "scale must be between")],
)
def test_nonsense_is_refused_with_a_sentence(
    loaded: Engine, app: APIFlask, arguments: list[str], sentence: str
) -> None:
    outcome = app.test_cli_runner().invoke(args=["region", "load", *arguments])
    assert outcome.exit_code == 2
    assert sentence in outcome.output


def test_two_loads_make_the_same_rows(
    loaded: Engine, template: str, small_pack: RegionPack
) -> None:
    queries = [
        f"SELECT count(*) || md5(string_agg({row}, '' ORDER BY {row})) FROM {table}"
        for table, row in SAME.items()
    ]
    # What the demo queued settles promises, and another test may have run it.
    jobs_drained()
    first = [number(loaded, query) for query in queries]
    with bound_clone(template) as again:
        with database.transaction() as session:
            load_demo(session, small_pack, scale=SCALE)
        jobs_drained()
        assert [number(again, query) for query in queries] == first


def test_production_gets_the_organisation_and_nobody_made_up(
    app: APIFlask, template: str, small_pack: RegionPack
) -> None:
    with bound_clone(template) as engine:
        with database.transaction() as session:
            load_organisation(session, small_pack)
        for table in ("directory_institution", "appointments_rule", "service_packs_pack_item"):
            assert number(engine, f"SELECT count(*) FROM {table}") > 0
        for table in ("residents_person", "directory_staff", "auth_account", "directory_team"):
            assert number(engine, f"SELECT count(*) FROM {table}") == 0
