"""Population groups, services and packs, and the dated promises that a year of a pack makes."""

from datetime import date

from family_doctor.public import plan, term_end
from regions.facts import ServicePack
from regions.flaws import PackError
from regions.load.bulk import Bulk
from regions.pack import RegionPack

_EVERYBODY = "all"
_GROUP_LIST = "contract_group"
# Terms begin on some day: a year after these has 365 and 366 days.
_YEARS = (date(2025, 1, 1), date(2024, 1, 1))


def load_catalogue(bulk: Bulk, pack: RegionPack) -> None:
    """The catalogue as the service packs keep it."""
    bulk.copy(
        "service_packs_group",
        ("code", "name", "name_en"),
        ((g.code, g.name, g.name_en) for g in pack.code_list(_GROUP_LIST)),
    )
    bulk.copy(
        "service_packs_item",
        ("code", "name", "name_en", "unit", "unit_price_fen", "example", "scheduled"),
        (
            (i.code, i.name, i.name_en, i.unit, i.unit_price_fen, i.price_example, i.scheduled)
            for i in pack.service_items
        ),
    )
    bulk.copy(
        "service_packs_pack",
        ("code", "name", "name_en", "group_code", "tier", "list_price_fen", "price_fen",
         "public_health_fen", "insurance_fen", "person_fen", "example"),
        (
            (p.code, p.name, p.name_en, None if p.group == _EVERYBODY else p.group, p.tier,
             p.list_price_fen, p.real_price_fen, p.payers.public_health_fen,
             p.payers.insurance_fen, p.payers.person_fen, p.example)
            for p in pack.packs
        ),
    )  # fmt: skip
    bulk.copy(
        "service_packs_pack_item",
        ("pack_code", "item_code", "times_per_year"),
        ((p.code, item.item, item.times) for p in pack.packs for item in p.items),
    )


def basic_pack(pack: RegionPack) -> ServicePack:
    """The pack that comes with every contract. Raises PackError."""
    for each in pack.packs:
        if each.tier == "basic":
            return each
    raise PackError("packs.json: a pack of the tier basic is wanted")


def load_promises(bulk: Bulk, pack: RegionPack) -> None:
    """Make the temporary table ``load_plan``: for each pack and length of a year, each service
    with its first and last day counted from the first of the term.

    Services for the asking are owed by no date; the same plan spreads what is made up of them.
    """
    bulk.run(
        "CREATE TEMP TABLE load_plan (pack_code text, days int, item_code text, scheduled bool,"
        " sequence smallint, times smallint, opens int, due int) ON COMMIT DROP"
    )
    items = {item.code: item for item in pack.service_items}
    rows = []
    for starts_on in _YEARS:
        ends_on = term_end(starts_on, 1)
        days = (ends_on - starts_on).days + 1
        for each in pack.packs:
            services = [(items[i.item], i.times) for i in each.items]
            named = [(s.code, s.name, s.name_en, times) for s, times in services]
            rows += [
                (each.code, days, p.item_code, items[p.item_code].scheduled, p.sequence, p.times,
                 (p.opens_on - starts_on).days, (p.due_on - starts_on).days)
                for p in plan(named, starts_on, ends_on, 1)
            ]  # fmt: skip
    bulk.copy(
        "load_plan",
        ("pack_code", "days", "item_code", "scheduled", "sequence", "times", "opens", "due"),
        rows,
    )
    bulk.analyze("load_plan")
