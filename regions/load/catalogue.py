"""Population groups, services and packs, and the dated promises that a year of a pack makes."""

from datetime import date

from family_doctor.public import plan, term_end
from regions.facts import ServicePack
from regions.load.bulk import Bulk
from regions.pack import PackError, RegionPack

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
        ("code", "name", "name_en", "unit", "unit_price_fen", "example"),
        (
            (i.code, i.name, i.name_en, i.unit, i.unit_price_fen, i.price_example)
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
    """Make the temporary table ``load_plan``: for each pack and length of a year, each promised
    service with its first and last day counted from the first of the term.

    Packs that are ordered promise nothing by date; their services are made up by the same plan.
    """
    bulk.run(
        "CREATE TEMP TABLE load_plan (pack_code text, days int, item_code text, item_name text,"
        " item_name_en text, sequence smallint, times smallint, opens int, due int)"
        " ON COMMIT DROP"
    )
    items = {item.code: item for item in pack.service_items}
    rows = []
    for starts_on in _YEARS:
        ends_on = term_end(starts_on, 1)
        days = (ends_on - starts_on).days + 1
        for each in pack.packs:
            named = [
                (i.item, items[i.item].name, items[i.item].name_en, i.times) for i in each.items
            ]
            rows += [
                (each.code, days, p.item_code, p.item_name, p.item_name_en, p.sequence, p.times,
                 (p.opens_on - starts_on).days, (p.due_on - starts_on).days)
                for p in plan(named, starts_on, ends_on, 1)
            ]  # fmt: skip
    bulk.copy(
        "load_plan",
        ("pack_code", "days", "item_code", "item_name", "item_name_en", "sequence", "times",
         "opens", "due"),
        rows,
    )  # fmt: skip
    bulk.analyze("load_plan")
