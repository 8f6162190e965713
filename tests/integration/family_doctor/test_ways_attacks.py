"""Links forged, borrowed, worn out or tried by the thousand; and lists without measure."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.ids import new_id
from family_doctor.links import LinkKind, make_link
from family_doctor.models import Contract, Invitation
from family_doctor.web.ways.api import LIST_BYTES, VISITS
from residents.models import Person
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import make_team
from tests.factories.ways import LASTING, link_of, make_card, make_invitation, make_share
from tests.factories.wechat import wechat_standin
from tests.integration.family_doctor.ways import BASE, Bearer, Crew, apply, resident, team

__all__ = ["resident", "team"]

PAGE = "/family-doctor/in"
Browser = Callable[[UUID], FlaskClient]


def applications(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Contract)) or 0


def test_a_forged_link_brings_nobody_anywhere(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    true = link_of(make_card(session, team[0], team[1]))
    session.commit()
    other_letter = "A" if true[-2] != "A" else "B"
    forged = (
        true[:-2] + other_letter + true[-1],  # the mark
        LinkKind.SHARE + true[1:],  # another kind of the same number
        make_link(LinkKind.CARD, new_id()),  # well marked, never issued
        "c" + "A" * 43,
        "../../auth/sign-in",
        "x",
    )
    answers = set()
    for link in forged:
        refused = client.get(f"{BASE}/introductions/{link}")
        assert refused.status_code == 404
        assert client.get(f"{PAGE}/{link}").status_code == 404
        refused = apply(client, bearer(resident[0].id), team[0].id, introduction=link)
        answers.add((refused.status_code, refused.json["code"]))
    # One answer for all: nothing tells a number that was issued from one that was not.
    assert answers == {(404, "unknown_link")}
    assert applications(session) == 0


def test_an_ended_link_says_so_and_brings_no_application(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    past = clock.now() - timedelta(seconds=1)
    phone = str(resident[1].phone)
    ended = {
        link_of(make_card(session, team[0], team[1], expires_at=past)): "已经过期",
        link_of(make_card(session, team[0], team[1], revoked_at=past)): "已停用",
        link_of(make_invitation(session, team[0], team[1], phone, expires_at=past)): "已经过期",
        link_of(make_invitation(session, team[0], team[1], phone, refused_at=past)): "已经谢绝",
        link_of(make_share(session, team[0], team[2], created_at=past - LASTING, expires_at=past)):
            "已经过期",
    }  # fmt: skip
    session.commit()
    for link, sentence in ended.items():
        page = client.get(f"{PAGE}/{link}")
        assert page.status_code == 200
        assert sentence in page.get_data(as_text=True)
        assert "登录后申请" not in page.get_data(as_text=True)
        refused = apply(client, bearer(resident[0].id), team[0].id, introduction=link)
        assert (refused.status_code, refused.json["code"]) == (409, "link_ended")
    assert applications(session) == 0


def test_a_link_of_another_team_is_refused(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Browser,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    rival, leads, _ = make_team(session)
    link = link_of(make_card(session, rival, leads))
    session.commit()
    refused = apply(client, bearer(resident[0].id), team[0].id, introduction=link)
    assert (refused.status_code, refused.json["code"]) == (422, "other_team")
    page = signed_in(resident[0].id).get(f"/family-doctor/teams/{team[0].id}/family?via={link}")
    assert page.status_code == 200
    assert 'name="via"' not in page.get_data(as_text=True)
    assert applications(session) == 0


def test_an_invitation_is_of_one_phone_and_names_none(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Browser,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    phone = make_phone()
    invitation = make_invitation(session, team[0], team[1], phone)
    nameless = make_account(session, name="无号码")
    session.commit()
    link = link_of(invitation)
    for account in (resident[0].id, nameless.id):
        page = signed_in(account).get(f"{PAGE}/{link}").get_data(as_text=True)
        assert "另一个手机号" in page
        assert phone not in page
        assert f"*{phone[-4:]}" not in page  # as numbers are shown that may be
    refused = apply(client, bearer(resident[0].id), team[0].id, introduction=link)
    assert (refused.status_code, refused.json["code"]) == (409, "other_number")
    assert phone not in client.get(f"{BASE}/introductions/{link}").get_data(as_text=True)
    session.refresh(invitation)
    # Whom it was not sent to has not opened it for whom it was.
    assert invitation.contract_id is None
    assert applications(session) == 0


def test_a_replay_makes_no_second_application(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Browser,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    link = link_of(make_invitation(session, team[0], team[1], str(resident[1].phone)))
    session.commit()
    assert apply(client, bearer(resident[0].id), team[0].id, introduction=link).status_code == 201
    again = apply(client, bearer(resident[0].id), team[0].id, introduction=link)
    assert (again.status_code, again.json["code"]) == (409, "contract_exists")
    assert signed_in(resident[0].id).post(f"{PAGE}/{link}/apply").status_code == 409
    assert applications(session) == 1


def test_ten_thousand_lines_are_refused_whole(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Browser,
    team: Crew,
) -> None:
    def lines(count: int) -> str:
        return "\n".join(f"1{number:010d}" for number in range(count))

    leads = bearer(team[1])
    body = {"team_id": str(team[0].id), "numbers": lines(501)}
    refused = client.post(f"{BASE}/invitations", json=body, headers=leads)
    assert refused.json
    assert (refused.status_code, refused.json["code"]) == (422, "too_many_lines")
    many = client.post(f"{BASE}/invitations", json=body | {"numbers": lines(10_000)}, headers=leads)
    assert many.status_code == 413
    browser = signed_in(team[1])
    page = browser.post("/family-doctor/ways/invitations", data=body)
    assert page.status_code == 422
    assert "10000000500</textarea>" in page.get_data(as_text=True)  # what was typed is there
    sent = {"team_id": str(team[0].id), "numbers": "1" * (LIST_BYTES + 1)}
    assert browser.post("/family-doctor/ways/invitations", data=sent).status_code == 413
    assert session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_a_file_of_nonsense_is_refused_in_words(
    client: FlaskClient, session: Session, signed_in: Browser, team: Crew
) -> None:
    browser = signed_in(team[1])
    for held in (b"\xff\xfe\x00\x81", b"", b"\x00\x01\x02"):
        data = {"team_id": str(team[0].id), "file": (BytesIO(held), "list.csv")}
        assert browser.post("/family-doctor/ways/invitations", data=data).status_code == 422
    gb = {
        "team_id": str(team[0].id),
        "file": (BytesIO(f"韦,{make_phone()}".encode("gb18030")), "l"),
    }
    assert browser.post("/family-doctor/ways/invitations", data=gb).status_code == 303
    assert session.scalar(select(func.count()).select_from(Invitation)) == 1


def test_links_cannot_be_tried_by_the_thousand(client: FlaskClient) -> None:
    link = make_link(LinkKind.CARD, new_id())
    codes = [client.get(f"{BASE}/introductions/{link}").status_code for _ in range(VISITS + 1)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_the_way_back_never_leads_out(client: FlaskClient, session: Session, team: Crew) -> None:
    link = link_of(make_card(session, team[0], team[1]))
    session.commit()
    for more in ("", "?next=https://evil.example/", "?next=//evil.example"):
        page = client.get(f"{PAGE}/{link}{more}").get_data(as_text=True)
        found = page.split('href="/auth/sign-in?', 1)[1].split('"', 1)[0]
        back = parse_qs(urlsplit("?" + found.replace("&amp;", "&")).query)["next"]
        assert back == [f"{PAGE}/{link}"]
    inside = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"}
    with wechat_standin():
        page = client.get(f"{PAGE}/{link}", headers=inside).get_data(as_text=True)
    assert f"/auth/wechat/start?next={PAGE}/{link}" in page


def test_a_stranger_refuses_only_what_they_hold(
    client: FlaskClient, session: Session, team: Crew
) -> None:
    card = link_of(make_card(session, team[0], team[1]))
    session.commit()
    for link in (card, make_link(LinkKind.INVITATION, new_id())):
        refused = client.post(f"{BASE}/introductions/{link}/refuse", json={})
        assert refused.status_code == 404


def test_members_of_other_teams_see_nothing(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew
) -> None:
    _, rival, _ = make_team(session)
    card = make_card(session, team[0], team[1])
    session.commit()
    headers = bearer(rival)
    ours = f"?team_id={team[0].id}"
    for path in (f"cards{ours}", f"invitations{ours}", f"teams/{team[0].id}/ways",
                 f"teams/{team[0].id}/shares"):  # fmt: skip
        assert client.get(f"{BASE}/{path}", headers=headers).status_code == 403
    for path, body in (
        ("cards", {"team_id": str(team[0].id)}),
        ("invitations", {"team_id": str(team[0].id), "numbers": make_phone()}),
        (f"cards/{card.id}/revoke", {}),
    ):
        assert client.post(f"{BASE}/{path}", json=body, headers=headers).status_code == 403
