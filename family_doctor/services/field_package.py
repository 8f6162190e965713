"""What a tablet takes along to a village: the list, the packs, the texts. Built anew it is the
same, as long as nobody's data changed.
"""

import hashlib
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from directory.schemas import TeamView
from family_doctor import agreement
from family_doctor.models import AgreementText, Contract, FieldResident, FieldVisit
from family_doctor.queries.field import has_contract, is_renewable
from family_doctor.queries.rules import rule_for
from family_doctor.queries.signatories import SIGNING
from family_doctor.schemas import (
    FieldExtra,
    FieldPackage,
    FieldPerson,
    FieldRenewal,
    FieldStander,
    FieldText,
    PackOffer,
)
from family_doctor.services.extras import carried_over
from family_doctor.services.succession import next_day, pack_again
from family_doctor.services.texts import wording_for
from residents.public import Person, standers, tails_of
from service_packs.public import get_pack, list_packs, running_packs
from service_packs.schemas import Tier

TAIL_DIGITS = 2


def package_of(session: Session, visit: FieldVisit, team: TeamView) -> FieldPackage:
    """The package of a visit that was loaded. The caller has asked the policy."""
    packs = [_offer(session, pack.code) for pack in list_packs(session) if pack.tier is Tier.BASIC]
    people = _people(session, visit, team)
    renewed = {each.renewal.pack_code for each in people if each.renewal}
    usual = wording_for(session, ())
    ids = {usual.id, *(person.text_id for person in people)}
    texts = session.scalars(select(AgreementText).where(AgreementText.id.in_(ids)))
    return FieldPackage(
        visit_id=visit.id,
        team_name=team.name,
        institution_name=team.institution_name,
        member_name=visit.member_name,
        leader_name=visit.authorised_name,
        village_name=visit.village_name,
        zone=str(clock.zone()),
        issued_at=visit.loaded_at or clock.now(),
        expires_at=visit.expires_at,
        sync_until=visit.sync_until,
        seed=visit.seed.hex(),
        pack_code=visit.pack_code,
        years=visit.term_years,
        longest_years=rule_for(session, team.institution_id).term_years_max,
        packs=packs,
        texts=[_text(text, packs, team, renewed) for text in texts],
        usual_text=usual.id,
        residents=people,
    )


def tail_digest(person_id: UUID, tail: str) -> str:
    """By what a tablet notices that the last four of a paper are another's, all but one time in
    256; whoever carries it learns no more of the four than that.
    """
    return hashlib.sha256(f"{person_id}\n{tail.upper()}".encode()).hexdigest()[:TAIL_DIGITS]


def _offer(session: Session, code: str) -> PackOffer:
    pack = get_pack(session, code)
    return PackOffer(
        **pack.model_dump(include=set(PackOffer.model_fields) - {"items"}),
        items=[(item.name, item.times_per_year) for item in pack.items],
    )


def _text(
    text: AgreementText, packs: list[PackOffer], team: TeamView, renewed: Collection[str]
) -> FieldText:
    terms = {pack.code: _terms(pack, team) for pack in packs}
    return FieldText(
        id=text.id,
        version=text.version,
        bodies={code: agreement.template(each, text.body) for code, each in terms.items()},
        renewals={
            code: agreement.template(each, text.body, renewal=True)
            for code, each in terms.items()
            if code in renewed
        },
    )


def _terms(pack: PackOffer, team: TeamView) -> agreement.Terms:
    """What is known before anybody signs; the tablet fills in the rest."""
    return agreement.Terms(
        contract_id="",
        resident="",
        team=team.name,
        institution=team.institution_name,
        pack=pack.name,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        items=pack.items,
        years=1,
        written_on=clock.today(),
    )


def _people(session: Session, visit: FieldVisit, team: TeamView) -> list[FieldPerson]:
    query = select(Person, FieldResident.text_id, has_contract())
    query = query.join(FieldResident, FieldResident.person_id == Person.id)
    query = query.where(FieldResident.visit_id == visit.id).order_by(FieldResident.position)
    rows = session.execute(query).all()
    people = {row[0].id: row[0] for row in rows}
    signers = standers(session, people.keys(), SIGNING)
    renewals = _renewals(session, team, people.keys())
    others = (each.person for known in signers.values() for each in known)
    bought = _bought(session, visit, people.keys())
    tails = tails_of(session, list(({each.id: each for each in others} | people).values()))
    return [
        FieldPerson(
            person_id=person.id,
            name=person.name,
            sex=person.sex,
            birth_date=person.birth_date,
            tail_digest=tail_digest(person.id, tails.get(person.id, "")),
            text_id=text_id,
            signed=signed,
            standers=[
                FieldStander(
                    person_id=each.person.id,
                    name=each.person.name,
                    relation=each.relation,
                    tail_digest=tail_digest(each.person.id, tails.get(each.person.id, "")),
                )
                for each in signers.get(person.id, ())
            ],
            renewal=renewals.get(person.id),
            extras=bought.get(person.id, []),
        )
        for person, text_id, signed in rows
    ]


def _bought(
    session: Session, visit: FieldVisit, person_ids: Collection[UUID]
) -> dict[UUID, list[FieldExtra]]:
    """What these people bought before the visit was loaded, as their agreements name it."""
    running = running_packs(session, person_ids, clock.today(), paid_by=visit.loaded_at)
    return {
        person_id: [
            FieldExtra(
                name=each.name,
                name_en=each.name_en,
                until=each.until,
                text=agreement.lines_of(each),
            )
            for each in extras
            if each.until
        ]
        for person_id, extras in carried_over(session, running).items()
    }


def _renewals(
    session: Session, team: TeamView, person_ids: Collection[UUID]
) -> dict[UUID, FieldRenewal]:
    """Of each of these people who may renew with the team, on which terms."""
    longest = rule_for(session, team.institution_id).term_years_max
    query = select(Contract).where(Contract.person_id.in_(person_ids), is_renewable(session, team))
    old = session.scalars(query).all()
    packs = {code: pack_again(session, code).code for code in {each.pack_code for each in old}}
    return {
        each.person_id: FieldRenewal(
            contract_id=each.id,
            begins_on=next_day(each),
            pack_code=packs[each.pack_code],
            years=min(each.term_years, longest),
        )
        for each in old
    }
