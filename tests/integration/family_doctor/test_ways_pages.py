"""The pages of the ways of signing, in both languages, within their number of statements."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import Contract, Presence
from residents.ports import IdentityVerifier, Verdict
from tests.factories.auth import make_phone
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack
from tests.factories.residents import make_consent, make_id_number, make_person, make_resident
from tests.factories.signing import STROKES
from tests.factories.ways import LASTING, link_of, make_card, make_invitation, make_share

MOST_STATEMENTS = 8
AT = "/family-doctor"


class Scene:
    """A team with a card, an invitation and a share, and a resident with a mother."""

    def __init__(self, session: Session) -> None:
        make_basic_pack(session)
        self.account, self.person = make_resident(session)
        self.mother = make_person(session, name="韦母亲", birth_date=date(1950, 1, 1))
        make_consent(session, self.mother, self.person, ["sign"])
        self.team, self.leader, self.nurse = make_team(session, capacity=50)
        self.card = make_card(session, self.team, self.leader)
        for _ in range(9):
            make_invitation(session, self.team, self.leader, make_phone())
        self.invitation = make_invitation(session, self.team, self.leader, str(self.person.phone))
        self.share = make_share(session, self.team, self.account.id)
        now = clock.now()
        self.presence = Presence(
            team_id=self.team.id, person_id=self.mother.id, account_id=self.leader,
            evidence="id_card", begun_at=now, expires_at=now + LASTING,
        )  # fmt: skip
        session.add(self.presence)
        session.commit()

    def residents(self) -> dict[str, str]:
        return {
            f"{AT}/in/{link_of(self.invitation)}": "Decline this invitation",
            f"{AT}/in/{link_of(self.card)}": "Apply for a family member",
            f"{AT}/teams/{self.team.id}/family": "Who is it for",
            f"{AT}/teams/{self.team.id}": "Share this team",
            f"{AT}/shares/{self.share.id}": "Copy the link",
        }

    def staffs(self) -> dict[str, str]:
        return {
            f"{AT}/ways": "Contracts by way of signing",
            f"{AT}/ways/cards/{self.card.id}": "Valid until",
            f"{AT}/ways/invitations": "Send invitations",
            f"{AT}/ways/on-site": "Next: prepare the agreement",
            f"{AT}/ways/on-site/{self.presence.id}": "hand the tablet over",
            f"{AT}/ways/on-behalf": "Written authorisation",
        }


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_every_page_in_both_languages_and_few_statements(
    signed_in: Callable[[UUID], FlaskClient],
    count_statements: Callable[[], AbstractContextManager[Any]],
    scene: Scene,
) -> None:
    for account, found in (
        (scene.account.id, scene.residents()),
        (scene.leader, scene.staffs()),
    ):
        browser = signed_in(account)
        for path, english in found.items():
            assert browser.get(path).status_code == 200, path
            with count_statements() as counter:
                answer = browser.get(f"{path}?lang=en")
            assert english in answer.get_data(as_text=True), path
            own = [each for each in counter.statements if "notifications_message" not in each]
            assert len(own) <= MOST_STATEMENTS, (path, len(own), "\n@@".join(own))


def test_a_resident_applies_by_a_link_and_for_the_family(
    session: Session, signed_in: Callable[[UUID], FlaskClient], scene: Scene
) -> None:
    browser, card = signed_in(scene.account.id), link_of(scene.card)
    nobody = browser.post(f"{AT}/teams/{scene.team.id}/family", data={"via": card})
    assert nobody.status_code == 422
    assert "请选择为谁申请" in nobody.get_data(as_text=True)
    data = {"person_id": str(scene.mother.id), "via": card}
    made = browser.post(f"{AT}/teams/{scene.team.id}/family", data=data)
    assert made.status_code == 303
    page = browser.get(made.headers["Location"]).get_data(as_text=True)
    assert "代签" in page
    assert "韦母亲" in page
    assert browser.post(f"{AT}/in/{card}/apply").status_code == 303
    rows = session.execute(select(Contract.person_id, Contract.channel))
    ways = {row.person_id: row.channel for row in rows}
    assert ways == {scene.mother.id: "agent", scene.person.id: "card"}
    refuse = made.headers["Location"].replace("application", "refuse")
    assert browser.post(refuse).status_code == 303
    assert "已被居民拒绝" in browser.get(made.headers["Location"]).get_data(as_text=True)


def test_lines_that_were_not_invited_stay_in_the_box(
    signed_in: Callable[[UUID], FlaskClient], scene: Scene
) -> None:
    data = {"team_id": str(scene.team.id), "numbers": f"{make_phone()}\n写错了 1 2 3"}
    page = signed_in(scene.nurse).post(f"{AT}/ways/invitations", data=data)
    shown = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "已邀请 1 人" in shown
    assert ">写错了 1 2 3</textarea>" in shown
    assert "没有读到一个 11 位手机号" in shown


def test_the_tablet_from_form_to_witness(
    session: Session,
    signed_in: Callable[[UUID], FlaskClient],
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    count_statements: Callable[[], AbstractContextManager[Any]],
) -> None:
    monkeypatch.setattr(IdentityVerifier, "verify", lambda *_: Verdict.MATCH)
    browser = signed_in(scene.nurse)
    data = {"team_id": str(scene.team.id), "name": "覃示例", "id_number": "12"}
    assert browser.post(f"{AT}/ways/on-site", data=data).status_code == 422
    begun = browser.post(f"{AT}/ways/on-site", data=data | {"id_number": make_id_number()})
    assert begun.status_code == 303
    at = begun.headers["Location"]
    assert browser.get(f"{at}/sign").headers["Location"] == at
    assert browser.get(f"{at}/witness").headers["Location"] == at
    assert browser.post(at, data={"years": "9"}).status_code == 422
    assert browser.post(at, data={"years": "2"}).headers["Location"] == f"{at}/sign"
    assert "等居民签名" in browser.get(f"{AT}/ways/on-site").get_data(as_text=True)
    with count_statements() as counter:
        shown = browser.get(f"{at}/sign?lang=en").get_data(as_text=True)
    own = [each for each in counter.statements if "notifications_message" not in each]
    assert len(own) <= MOST_STATEMENTS, "\n@@".join(own)
    assert "Please read the agreement" in shown
    # In the resident's hands nothing leads to the pages of the staff.
    assert not [
        each for each in re.findall(r'href="(/family-doctor[^"]*)', shown) if at not in each
    ]
    sha256 = shown.split('name="agreement_sha256" value="')[1][:64]
    unsaid = browser.post(f"{at}/sign", data={"agreement_sha256": sha256, "strokes": STROKES})
    assert unsaid.status_code == 422
    assert "from beginning to end" in unsaid.get_data(as_text=True)
    agreed = {"agreement_sha256": sha256, "strokes": STROKES, "agreed": "true"}
    assert browser.post(f"{at}/sign", data=agreed).headers["Location"] == f"{at}/witness"
    assert "back to the staff" in browser.get(f"{at}/witness").get_data(as_text=True)
    assert browser.post(f"{at}/witness").status_code == 422
    done = browser.post(f"{at}/witness", data={"seen": "true"})
    assert done.status_code == 303
    assert browser.get(f"{at}/sign").headers["Location"] == done.headers["Location"]
    page = browser.get(f"{done.headers['Location']}?lang=zh").get_data(as_text=True)
    assert "居民已在现场签名" in page
    behalf = data | {
        "id_number": make_id_number(), "phone": make_phone(), "evidence": "household_book",
    }  # fmt: skip
    lacking = browser.post(f"{AT}/ways/on-behalf", data=behalf)
    assert lacking.status_code == 422
    assert "请填写户口簿或委托书的编号" in lacking.get_data(as_text=True)
    made = browser.post(f"{AT}/ways/on-behalf", data=behalf | {"evidence_number": "户0017"})
    assert made.status_code == 303
