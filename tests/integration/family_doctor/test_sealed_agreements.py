"""From both signatures to the sealed file, and who may have and verify it."""

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from auth.claims import Assurance
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, NotFound, StepUpRequired, Unavailable
from core.models import AuditEvent
from family_doctor import jobs
from family_doctor.models import Contract, OwnSignature, SealedAgreement, Signature
from family_doctor.queries.signing import get_sealed_file, get_signed_agreement, verify_file
from family_doctor.schemas import (
    ApplyForContract,
    ConfirmContract,
    ContractView,
    KeepSignature,
    Side,
    Verdict,
)
from family_doctor.sealing.keys import SealingKey
from family_doctor.sealing.seal import seal
from family_doctor.services import contracts as services
from family_doctor.services.signing import keep_signature
from family_doctor.states import State
from tests.factories.auth import actor_for, make_account, open_browser_session
from tests.factories.family_doctor import actor_of
from tests.factories.residents import make_resident
from tests.factories.signing import STROKES
from tests.integration.family_doctor.test_signing import Parties

pytestmark = pytest.mark.usefixtures("session")
Browser = Callable[[UUID], FlaskClient]
OTHER = "M10 10L300 180L590 10"


@pytest.fixture
def parties(session: Session) -> Parties:
    return Parties(session)


def confirmation(contract: ContractView, **changed: object) -> ConfirmContract:
    values = {"agreement_sha256": contract.agreement_sha256, "agreed": True, "strokes": STROKES}
    return ConfirmContract.model_validate(values | changed)


def sealed_file(session: Session, contract_id: UUID) -> SealedAgreement | None:
    return session.get(SealedAgreement, contract_id)


def test_both_sign_the_same_text_and_the_file_is_made(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    contract = parties.signed()
    assert sealed_file(session, contract.id) is None
    run_jobs()
    sealed = sealed_file(session, contract.id)
    assert sealed
    assert sealed.file.startswith(b"%PDF-")
    assert sealed.sha256 == hashlib.sha256(sealed.file).digest()
    rows = session.scalars(select(Signature).order_by(Signature.side)).all()
    row = session.get_one(Contract, contract.id)
    assert [each.side for each in rows] == [Side.RESIDENT, Side.TEAM]
    assert {each.text_digest for each in rows} == {row.agreement_digest}
    assert [each.name for each in rows] == [parties.person.name, parties.leader.name]
    stands = get_signed_agreement(session, parties.nurse, contract.id)
    assert stands.seal
    assert stands.seal.sha256 == sealed.sha256.hex()
    assert stands.text_version == 1


def test_names_and_strokes_are_not_readable_in_the_database(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    parties.signed()
    run_jobs()
    kept = session.execute(text("SELECT strokes, name FROM family_doctor_signature")).all()
    assert kept
    for strokes, name in kept:
        assert STROKES.encode() not in bytes(strokes)
        assert parties.person.name.encode() not in bytes(name)
    file = session.scalar(text("SELECT file FROM family_doctor_sealed_agreement"))
    assert not bytes(file).startswith(b"%PDF")


def test_without_a_kept_signature_nobody_is_accepted(parties: Parties, session: Session) -> None:
    contract = parties.apply()
    session.execute(delete(OwnSignature))
    with pytest.raises(Conflict, match="no_signature"):
        services.accept_contract(session, parties.leader, contract.id)


def test_without_the_teams_signature_nothing_comes_into_force(
    parties: Parties, session: Session
) -> None:
    contract = parties.accepted()
    session.execute(delete(Signature))
    with pytest.raises(Conflict, match="team_unsigned"), session.begin_nested():
        services.confirm_contract(session, parties.resident, contract.id, confirmation(contract))
    session.expire_all()
    assert session.get_one(Contract, contract.id).state == State.PENDING_SIGNATURE


def test_a_typed_name_is_ones_own(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    wrong = confirmation(contract, strokes=None, typed_name="别人")
    with pytest.raises(Invalid, match="name_differs"), session.begin_nested():
        services.confirm_contract(session, parties.resident, contract.id, wrong)
    own = confirmation(contract, strokes=None, typed_name=parties.person.name)
    signed = services.confirm_contract(session, parties.resident, contract.id, own)
    assert signed.state is State.ACTIVE


def by_session(session: Session, actor: Actor, assurance: Assurance, minutes: int) -> Actor:
    """The actor as their browser's session knows them, proved so many minutes ago."""
    open_browser_session(session, actor.account_id, assurance)
    found = session.execute(
        text(
            "UPDATE auth_session SET authenticated_at = authenticated_at - make_interval(mins =>"
            " :minutes) WHERE account_id = :account RETURNING id, authenticated_at"
        ),
        {"minutes": minutes, "account": actor.account_id},
    ).one()
    values = {**vars(actor)}
    values.pop("entities", None)
    values |= {"session_id": found.id, "authenticated_at": found.authenticated_at}
    return Actor(**(values | {"assurance": assurance}))


@pytest.mark.parametrize(
    ("assurance", "minutes"), [(Assurance.ONE_FACTOR, 1), (Assurance.PHISHING_RESISTANT, 16)]
)
def test_a_password_or_an_old_proof_signs_nothing(
    parties: Parties, session: Session, assurance: Assurance, minutes: int
) -> None:
    contract = parties.accepted()
    resident = by_session(session, parties.resident, assurance, minutes)
    with pytest.raises(StepUpRequired), session.begin_nested():
        services.confirm_contract(session, resident, contract.id, confirmation(contract))
    leader = by_session(session, parties.leader, assurance, minutes)
    other, _ = make_resident(session)
    waiting = services.apply_for_contract(
        session,
        actor_of(session, other.id),
        ApplyForContract(team_id=parties.team.id),
    )
    with pytest.raises(StepUpRequired), session.begin_nested():
        services.accept_contract(session, leader, waiting.id)
    with pytest.raises(StepUpRequired), session.begin_nested():
        keep_signature(session, leader, KeepSignature(strokes=OTHER))


def test_a_fresh_proof_is_written_down(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    resident = by_session(session, parties.resident, Assurance.PHISHING_RESISTANT, 3)
    services.confirm_contract(session, resident, contract.id, confirmation(contract))
    row = session.scalars(select(Signature).where(Signature.side == Side.RESIDENT)).one()
    assert row.method == "two_factors"
    assert timedelta(minutes=2) < row.signed_at - row.proved_at < timedelta(minutes=4)


def test_a_replaced_signature_signs_only_what_comes(parties: Parties, session: Session) -> None:
    first = parties.accepted()
    keep_signature(session, parties.leader, KeepSignature(strokes=OTHER))
    keep_signature(session, parties.leader, KeepSignature(strokes=STROKES + OTHER))
    rows = session.scalars(select(OwnSignature).order_by(OwnSignature.id)).all()
    mine = [row for row in rows if row.account_id == parties.leader.account_id]
    assert [row.replaced_at is None for row in mine] == [False, False, True]
    stands = get_signed_agreement(session, parties.leader, first.id)
    assert stands.signatures[0].strokes == STROKES


def test_who_leads_no_team_keeps_no_signature(parties: Parties, session: Session) -> None:
    for actor in (parties.nurse, parties.resident):
        with pytest.raises(Denied):
            keep_signature(session, actor, KeepSignature(strokes=STROKES))


def test_sealing_again_keeps_the_first_file(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    contract = parties.signed()
    run_jobs()
    before = session.scalar(select(SealedAgreement.sha256))
    jobs.seal_contract(str(contract.id))
    assert session.scalars(select(SealedAgreement.sha256)).all() == [before]


def test_two_workers_that_seal_at_once_leave_one_file(
    parties: Parties, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = parties.signed()
    session.flush()
    nested: list[bytes] = []

    def overtaken(file: bytes, key: SealingKey, tsa_url: str) -> bytes:
        if not nested:
            nested.append(file)
            jobs.seal_contract(str(contract.id))
        return seal(file, key, tsa_url)

    monkeypatch.setattr(jobs, "seal", overtaken)
    jobs.seal_contract(str(contract.id))
    assert len(session.scalars(select(SealedAgreement)).all()) == 1


def test_a_crash_between_signing_and_sealing_is_made_good(
    parties: Parties,
    session: Session,
    run_jobs: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contract = parties.signed()

    def crash(*given: object) -> bytes:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "seal", crash)
        with pytest.raises(Unavailable):
            jobs.seal_contract(str(contract.id))
    assert session.get_one(Contract, contract.id).state == State.ACTIVE
    assert sealed_file(session, contract.id) is None
    session.execute(text("DELETE FROM procrastinate_jobs"))
    jobs.seal_forgotten()
    run_jobs()
    assert sealed_file(session, contract.id)
    jobs.seal_forgotten()
    assert run_jobs() == 0


def test_an_unsigned_contract_is_never_sealed(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    jobs.seal_contract(str(contract.id))
    jobs.seal_contract(str(uuid4()))
    assert session.scalar(select(SealedAgreement)) is None
    with pytest.raises(NotFound, match="not_sealed"):
        get_sealed_file(session, parties.resident, contract.id)


def test_others_neither_read_nor_fetch_it(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    contract = parties.signed()
    run_jobs()
    stranger, _ = make_resident(session)
    _, rival = Parties(session), make_account(session)
    for account_id in (stranger.id, rival.id, Parties(session).leader.account_id):
        actor = actor_for(session, account_id)
        with pytest.raises(Denied):
            get_sealed_file(session, actor, contract.id)
        with pytest.raises(Denied):
            get_signed_agreement(session, actor, contract.id)


def test_the_download_and_its_audit(
    parties: Parties, session: Session, run_jobs: Callable[[], int], signed_in: Browser
) -> None:
    contract = parties.signed()
    run_jobs()
    browser = signed_in(parties.resident.account_id)
    path = f"/family-doctor/contracts/{contract.id}"
    answer = browser.get(f"{path}/agreement.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data == session.get_one(SealedAgreement, contract.id).file
    page = browser.get(f"{path}/agreement").get_data(as_text=True)
    assert hashlib.sha256(answer.data).hexdigest() in page
    read = AuditEvent.action == "family_doctor:read-contract"
    seen = select(func.count()).select_from(AuditEvent).where(read)
    before = session.scalar(seen)
    browser.get(f"{path}/agreement.pdf")
    assert before
    assert session.scalar(seen) == before + 1
    assert signed_in(make_account(session).id).get(f"{path}/agreement.pdf").status_code == 403


def upload(client: FlaskClient, content: bytes) -> tuple[int, str]:
    data = {"file": (io.BytesIO(content), "agreement.pdf")}
    answer = client.post("/family-doctor/verify", data=data, content_type="multipart/form-data")
    # The test client leaves a large body in a file of its own.
    answer.request.environ["wsgi.input"].close()
    return answer.status_code, answer.get_data(as_text=True)


def test_anybody_verifies_a_file_and_learns_nothing_about_anybody(
    parties: Parties, session: Session, run_jobs: Callable[[], int], client: FlaskClient
) -> None:
    contract = parties.signed()
    run_jobs()
    file = session.get_one(SealedAgreement, contract.id).file
    assert client.get("/family-doctor/verify").status_code == 200
    status, page = upload(client, file)
    assert status == 200
    assert "是本平台签章的原件" in page
    assert str(contract.id) in page
    assert parties.person.name not in page
    _, changed = upload(client, file[:-1] + b" ")
    assert "不是原件" in changed
    _, foreign = upload(client, b"%PDF-1.7 something else")
    assert "不是本平台签章的协议" in foreign


def test_what_is_no_pdf_or_too_large_is_refused(client: FlaskClient) -> None:
    assert upload(client, b"")[0] == 422
    assert upload(client, b"GIF89a")[0] == 422
    assert upload(client, b"%PDF-" + b"0" * 2_000_000)[0] == 422
    assert upload(client, b"%PDF-" + b"0" * 3_000_000)[0] == 413


def test_each_flipped_byte_is_another_file(
    parties: Parties, session: Session, run_jobs: Callable[[], int]
) -> None:
    contract = parties.signed()
    run_jobs()
    file = session.get_one(SealedAgreement, contract.id).file
    assert verify_file(session, file).verdict is Verdict.INTACT
    for place in range(0, len(file), len(file) // 200):
        changed = bytearray(file)
        changed[place] ^= 1
        assert verify_file(session, bytes(changed)).verdict is not Verdict.INTACT


def test_the_operator_verifies_at_the_console(
    parties: Parties,
    session: Session,
    run_jobs: Callable[[], int],
    app: APIFlask,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    contract = parties.signed()
    run_jobs()
    path = tmp_path_factory.mktemp("sealed") / "agreement.pdf"
    path.write_bytes(session.get_one(SealedAgreement, contract.id).file)
    said = app.test_cli_runner().invoke(args=["agreement", "verify", str(path)])
    assert said.exit_code == 0, said.output
    for part in ("intact", str(contract.id), "Certificate: trusted"):
        assert part in said.output
    path.write_bytes(path.read_bytes() + b"\n")
    said = app.test_cli_runner().invoke(args=["agreement", "verify", str(path)])
    assert said.exit_code == 1
    assert "changed" in said.output


def test_today_is_not_signed_before_it_was_proved(parties: Parties, session: Session) -> None:
    parties.signed()
    for row in session.scalars(select(Signature)):
        assert row.proved_at <= row.signed_at <= clock.now()
