"""Counts for the statistics room, in place of the other rooms' rows."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from appointments.public import ReferralFlow
from auth.models import Account
from core.access import Role
from directory.models import Division, Institution
from gov_stats.periods import Month
from gov_stats.services import compute
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_divisions,
    make_institution,
)

SECOND_TOWNSHIP, THIRD_TOWNSHIP = "990102002", "990102003"
TOWNSHIPS = (TOWNSHIP, SECOND_TOWNSHIP, THIRD_TOWNSHIP, OTHER_TOWNSHIP)
REGION = (CITY, COUNTY, OTHER_COUNTY, *TOWNSHIPS)
CENTRE, OTHER_CENTRE, HOSPITAL = UUID(int=1), UUID(int=2), UUID(int=3)
MONTH = Month(2026, 3)


@dataclass
class Facts:
    """What the other rooms say; each list as their facts functions return it."""

    people: list[tuple[str, str, int]] = field(default_factory=list)
    contracts: list[tuple[str, str, int]] = field(default_factory=list)
    fulfilment: list[tuple[str, int, int]] = field(default_factory=list)
    bookings: list[tuple[str, int, int]] = field(default_factory=list)
    referrals: list[ReferralFlow] = field(default_factory=list)
    sales: list[tuple[str, int, int]] = field(default_factory=list)
    services: list[tuple[str, int, int, int]] = field(default_factory=list)
    institutions: list[tuple[str, str, str, int, int, int]] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let the computation read these."""
        for source, rows in (
            ("residents.public.population_facts", self.people),
            ("family_doctor.public.contract_facts", self.contracts),
            ("family_doctor.public.fulfilment_facts", self.fulfilment),
            ("appointments.public.booking_facts", self.bookings),
            ("gov_stats.sources.read_flows", self.referrals),
            ("service_packs.public.sales_facts", self.sales),
            ("service_packs.public.service_facts", self.services),
            ("directory.public.institution_facts", self.institutions),
        ):
            patch.setattr(source, lambda *_args, rows=rows: rows)


def flow(
    direction: str,
    sender: UUID,
    from_division: str,
    receiver: UUID,
    to_division: str,
    counts: tuple[int, int, int, int, int],
    minutes: list[int],
) -> ReferralFlow:
    """Between two institutions: sent, accepted in time, declined, lapsed, completed."""
    return ReferralFlow(
        direction, sender, from_division, receiver, to_division, *counts, minutes=minutes
    )


def make_houses(session: Session) -> None:
    """The institutions between which people are referred; safe to call again."""
    for institution_id, division, name in (
        (CENTRE, TOWNSHIP, "一镇卫生院"),
        (OTHER_CENTRE, OTHER_TOWNSHIP, "二镇卫生院"),
        (HOSPITAL, COUNTY, "甲县医院"),
    ):
        if session.get(Institution, institution_id) is None:
            more = {"division_code": division, "name": name}
            make_institution(session, id=institution_id, beds=0, **more)


def make_region(session: Session) -> None:
    """The small region with three townships in its first county."""
    make_divisions(session)
    for code, name, population in (
        (SECOND_TOWNSHIP, "三镇", 10_000),
        (THIRD_TOWNSHIP, "四镇", 5_000),
    ):
        session.merge(
            Division(
                code=code,
                name=name,
                level="town",
                parent_code=COUNTY,
                population=population,
                estimated=True,
            )
        )
    make_houses(session)
    session.flush()


def usual_facts() -> Facts:
    """Large counts everywhere but for contracts in the third township."""
    signed = {TOWNSHIP: 40, SECOND_TOWNSHIP: 30, THIRD_TOWNSHIP: 3, OTHER_TOWNSHIP: 50}
    return Facts(
        people=[(code, "", 100) for code in TOWNSHIPS]
        + [(code, "10", 60) for code in TOWNSHIPS]
        + [(code, "03", 25) for code in TOWNSHIPS],
        contracts=[(code, "", count) for code, count in signed.items()],
        fulfilment=[(TOWNSHIP, 50, 40)],
        bookings=[(COUNTY, 200, 20), (TOWNSHIP, 30, 10), (OTHER_COUNTY, 70, 10)],
        referrals=[
            flow(
                "up", CENTRE, TOWNSHIP, HOSPITAL, COUNTY, (60, 40, 8, 6, 30), [300, 330, 360] * 10
            ),
            flow("up", OTHER_CENTRE, OTHER_TOWNSHIP, HOSPITAL, COUNTY, (20, 14, 0, 6, 12), [600]),
            flow("down", HOSPITAL, COUNTY, CENTRE, TOWNSHIP, (25, 20, 0, 0, 18), []),
        ],
        sales=[(TOWNSHIP, 10, 12_345)],
        services=[(TOWNSHIP, 20, 10, 5)],
        institutions=[(COUNTY, "A100", "三级", 300, 90, 120), (TOWNSHIP, "C210", "", 60, 12, 18)],
    )


def make_figures(session: Session, patch: pytest.MonkeyPatch, month: Month = MONTH) -> Facts:
    """The small region with a computed month."""
    make_region(session)
    facts = usual_facts()
    facts.install(patch)
    compute(session, month)
    session.commit()
    return facts


def make_analyst(session: Session, *units: str, role: Role = Role.ANALYST) -> Account:
    """An analyst (or another role) of these units."""
    account = make_account(session, name="分析员", roles={role: list(units or (CITY,))})
    session.commit()
    return account
