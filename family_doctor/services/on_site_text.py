"""What is shown and signed on a tablet: composed from what was settled, the same each time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict
from core.messages import N_
from directory.schemas import TeamView
from family_doctor import agreement
from family_doctor.models import AgreementText, Contract, Presence
from family_doctor.schemas import AgreementView, PresenceView
from family_doctor.services.acceptance import items_of
from family_doctor.services.extras import as_written
from residents.schemas import PersonView
from service_packs.schemas import PackDetail

CHANGED = N_("协议的内容刚有变化，请重新生成协议，请居民再读一遍、签一次。")


@dataclass(frozen=True, slots=True)
class Offered:
    """What an agreement on a tablet is written from, beside the team and the person."""

    contract_id: UUID
    renews_id: UUID | None
    pack_code: str
    years: int
    extras: tuple[agreement.Extra, ...]
    text_id: UUID
    prepared_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What the tablet shows, and to whom."""

    presence: PresenceView
    text: AgreementView
    team: TeamView
    person: PersonView
    signer: PersonView
    pack: PackDetail
    extras: tuple[agreement.Extra, ...]


def offer_of(row: Presence) -> Offered:
    """What the tablet shows. Raises Conflict ``not_prepared``."""
    code, years, text_id, at = row.pack_code, row.term_years, row.text_id, row.prepared_at
    if code is None or years is None or text_id is None or at is None:
        raise Conflict("not_prepared", N_("协议还没有生成，请工作人员先选好再交给居民。"))
    extras = tuple(as_written(row.agreement_extras))
    return Offered(row.id, row.renews_id, code, years, extras, text_id, at)


def shown_text(
    session: Session,
    row: Presence,
    offered: Offered,
    team: TeamView,
    person: PersonView,
    pack: PackDetail,
) -> str:
    """The text as it was prepared. Raises Conflict ``not_prepared``, or ``agreement_changed`` where
    a price, an item or a name is another since.
    """
    text = text_on_site(session, offered, team, person, pack)
    if agreement.digest(text) != row.agreement_digest:
        raise Conflict("agreement_changed", CHANGED)
    return text


def text_on_site(
    session: Session, offered: Offered, team: TeamView, person: PersonView, pack: PackDetail
) -> str:
    """The text of what is offered, by its wording."""
    query = select(AgreementText.body, Contract.ends_on).outerjoin(
        Contract, Contract.id == offered.renews_id
    )
    body, last = session.execute(query.where(AgreementText.id == offered.text_id)).one()
    terms = agreement.Terms(
        contract_id=str(offered.contract_id),
        resident=person.name,
        team=team.name,
        institution=team.institution_name,
        pack=pack.name,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        items=items_of(pack),
        years=offered.years,
        written_on=clock.local(offered.prepared_at).date(),
        begins_on=last + timedelta(days=1) if last else None,
        team_signs_last=True,
        extras=offered.extras,
    )
    return agreement.compose(terms, body)
