"""Every list can be searched: a part of what is said finds its row and no other, a typed % means
itself, and the box and the tabs keep each other.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.integration.portal.searched import THAT, THIS, Searched

Browser = Callable[[UUID], FlaskClient]
NAMED = re.compile(rf"{THIS}\w")
NOTHING, BOX = "没有找到", 'role="search"'


def of_teams(world: Searched) -> Iterator[tuple[UUID, str]]:
    """Who looks at which list of family doctors."""
    leader, root = world.leader, "/family-doctor"
    team = f"team_id={world.team.id}"
    yield leader, f"{root}/applications?{team}"
    yield leader, f"{root}/disputes?{team}"
    yield leader, f"{root}/refills?{team}"
    yield leader, f"{root}/teamwork/handovers?{team}&whole_team=true"
    yield leader, f"{root}/teamwork/handovers/{world.handover.id}"
    yield leader, f"{root}/transfers/?{team}&outgoing=true"
    yield leader, f"{root}/transfers/{world.transfer.id}"
    yield leader, f"{root}/reports/{world.report}/figures/signed"
    yield leader, f"{root}/analysis/people?{team}"
    yield leader, f"{root}/ways?{team}"
    yield leader, f"{root}/ways/invitations?{team}&state=sent"
    yield leader, f"{root}/visits?{team}"
    yield leader, f"{root}/visits/{world.visit.id}"
    yield world.administrator, f"{root}/disputes/to-decide"
    yield world.administrator, f"{root}/reports/?kind=week"


def of_desks(world: Searched) -> Iterator[tuple[UUID, str]]:
    """Who looks at which list of desks and offices."""
    registrar, administrator = world.registrar, world.administrator
    hospital = world.desk.id
    yield registrar, "/appointments/referrals/?folder=received&part=new"
    yield registrar, f"/appointments/review?institution_id={hospital}&date={world.yesterday}"
    yield registrar, f"/appointments/appeals?institution_id={hospital}"
    yield (
        registrar,
        (
            "/appointments/schedule/templates"
            f"?institution_id={hospital}&department_id={world.department}"
        ),
    )
    yield registrar, "/appointments/reviews"
    yield registrar, "/residents/bindings/"
    yield registrar, "/residents/phones/"
    yield registrar, "/auth/recovery/"
    yield administrator, "/appointments/exchange/"
    yield administrator, "/residents/duplicates/?state=waiting"
    yield administrator, "/residents/claims"
    yield world.auditor, "/audit/questions?state=open"
    for tab in ("departments", "staff", "teams"):
        yield administrator, f"/admin/institutions/{hospital}/{tab}"


def of_residents(world: Searched) -> Iterator[tuple[UUID, str]]:
    """The lists of a resident's own."""
    for address in (
        "/appointments/bookings?when=coming",
        "/appointments/waits/?when=coming",
        "/appointments/referrals/mine",
        "/audit/mine/?whose=others",
        "/packs/mine",
        "/packs/mine/orders?state=expired",
        "/packs/mine/records?state=confirmed",
        "/messages/",
    ):
        yield world.resident, address


@pytest.mark.parametrize(
    ("lists", "always"), [(of_teams, True), (of_desks, True), (of_residents, False)]
)
def test_lists_are_searched(
    session: Session,
    signed_in: Browser,
    lists: Callable[[Searched], Iterator[tuple[UUID, str]]],
    always: bool,
) -> None:
    world, wrong = Searched(session), []
    clients: dict[UUID, FlaskClient] = {}
    for account, address in lists(world):
        client = clients.setdefault(account, signed_in(account))
        wrong += [f"{address}: {fault}" for fault in faults(client, address, always=always)]
    assert not wrong, "\n".join(wrong)


def faults(client: FlaskClient, address: str, *, always: bool) -> Iterator[str]:
    """What is wrong with the search of one list; ``always`` it has its box."""

    def read(search: str = "") -> str:
        sign = "&" if "?" in address else "?"
        answer = client.get(f"{address}{sign}search={quote(search)}" if search else address)
        # What else could be chosen is no row.
        return re.sub(r"<select.*?</select>", "", answer.text, flags=re.S)

    whole = read()
    if not (NAMED.search(whole) and THAT in whole):
        yield "does not list both"
    if (BOX in whole) is not always:
        yield "box" if not always else "no box"
    found, none = read(THIS), read("%")
    if not NAMED.search(found) or NOTHING in found or THAT in found:
        yield "does not find the one"
    if f"{NOTHING}“%”" not in none:
        yield "a % finds something, or its empty page does not say so"
    yield from not_kept(found, address)


def not_kept(page: str, address: str) -> Iterator[str]:
    """What of the address the box forgets, and which tabs of the list forget the search."""
    here = urlsplit(address)
    form = page.partition(BOX)[2].partition("</form>")[0]
    for name, value in parse_qsl(here.query):
        if f'name="{name}" value="{value}"' not in form:
            yield f"the box forgets {name}"
    for tabs in re.findall(r'<ul class="chips.*?</ul>', page, re.S):
        for link in map(unescape, re.findall(r'href="([^"]+)"', tabs)):
            tab = urlsplit(link)
            beside = tab.path == here.path and tab.query != here.query
            if beside and dict(parse_qsl(tab.query)).get("search") != THIS:
                yield f"a tab forgets the search: {link}"
