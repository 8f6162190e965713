"""The paper and its seal: what it says, who accepts it, and that no byte can be changed."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from core import clock
from core.errors import Unavailable
from core.settings import Environment, Settings, SettingsError
from core.settings import settings as chosen
from family_doctor.schemas import ProofMethod, Side, SignatureView
from family_doctor.sealing import keys, paper, seal
from family_doctor.sealing.keys import sealing_key
from family_doctor.sealing.paper import Paper, set_paper
from tests.factories.signing import STROKES
from tests.poppler import plain_text, program

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NUMBER = "0199c000-0000-7000-8000-000000000001"
LONG = "广西壮族自治区贵港市港北区贵城街道社区卫生服务中心（示例）"
FLIPS = 200


def signature(side: Side, name: str, strokes: str | None = STROKES) -> SignatureView:
    return SignatureView(
        side=side,
        name=name,
        strokes=strokes,
        typed_name=None if strokes else name,
        method=ProofMethod.SMS,
        proved_at=AT,
        signed_at=AT,
    )


PAPER = Paper(
    number=NUMBER,
    team="贵城街道家庭医生第1队",
    institution=LONG,
    text="家庭医生签约服务协议\n\n一、双方自愿。\n",
    text_sha256="ab" * 32,
    text_version=2,
    items=[("健康体检", 1), ("高血压随访", 4)],
    extras=[{"name": "慢病管理包", "example": True, "items": [("血压随访", 12)]}],
    resident=signature(Side.RESIDENT, "阿依古丽·买买提江"),
    leader=signature(Side.TEAM, "韦家庭"),
)


@cache
def sealed() -> bytes:
    return seal.seal(set_paper(PAPER), sealing_key())


def trusted() -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in sealing_key().trusted]


def signed_range(file: bytes) -> list[range]:
    """The two stretches of the file that the seal covers."""
    found = re.search(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+) *\]", file)
    assert found
    first, length, second, rest = map(int, found.groups())
    assert first == 0
    assert second + rest == len(file)
    return [range(first, length), range(second, second + rest)]


def test_an_independent_validator_trusts_it() -> None:
    reader = PdfFileReader(BytesIO(sealed()))
    (found,) = reader.embedded_signatures
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(each) for each in trusted()], allow_fetching=False
    )
    status = validate_pdf_signature(found, context)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert found.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_poppler_calls_it_valid(tmp_path: Path) -> None:
    file = tmp_path / "agreement.pdf"
    file.write_bytes(sealed())
    said = subprocess.run(
        [program("pdfsig"), "-nocert", file], check=False, capture_output=True, text=True
    ).stdout
    assert "Signature is Valid" in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said


def test_it_claims_pdf_a_2b() -> None:
    assert b"<pdfaid:part>2</pdfaid:part>" in sealed()
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in sealed()


def test_the_paper_says_who_what_and_when() -> None:
    text = plain_text(sealed())
    local = clock.local(AT).strftime("%Y-%m-%d %H:%M:%S")
    for part in ("阿依古丽·买买提江", "韦家庭", "高血压随访", "双方自愿", NUMBER, "ab" * 32, local):
        assert part in text
    assert "协议文本第 2 版" in text


def test_a_typed_name_stands_for_a_drawing() -> None:
    typed = replace(PAPER, resident=signature(Side.RESIDENT, "韦兰香", strokes=None))
    assert plain_text(set_paper(typed)).count("韦兰香") == 2
    assert "代甲方签名" not in plain_text(set_paper(typed))
    daughter = typed.resident.model_copy(update={"on_behalf": True})
    assert "韦兰香（代甲方签名）" in plain_text(set_paper(replace(typed, resident=daughter)))


def test_nothing_of_the_data_is_markup() -> None:
    tricky = '#panic("x") *b* _i_ $x$ @ref <label> #{1+1} \\ [ ] // c'
    odd = replace(PAPER, team=tricky, text=f"标题\n{tricky}\n", items=[(tricky, 1)])
    text = plain_text(set_paper(odd))
    assert '#panic("x")' in text
    assert "#{1+1}" in text


def test_many_items_and_long_words_run_over_pages() -> None:
    long = replace(
        PAPER, text="标题\n" + "甲" * 3000, items=[(f"{LONG}服务{n}", 4) for n in range(60)]
    )
    text = plain_text(set_paper(long))
    assert text.count("\f") >= 3
    assert re.search(r"服务\s?59", text)
    # Both signatures on one page: nothing tears them apart.
    last = next(page for page in text.split("\f") if "双方签名" in page)
    assert "阿依古丽·买买提江" in last
    assert "韦家庭" in last


def test_the_same_paper_is_the_same_file() -> None:
    assert set_paper(PAPER) == set_paper(PAPER)


@settings(max_examples=FLIPS)
@given(data=st.data())
def test_any_changed_byte_of_what_is_sealed_is_noticed(data: st.DataObject) -> None:
    file = bytearray(sealed())
    positions = list(chain(*signed_range(sealed())))
    place = positions[data.draw(st.integers(0, len(positions) - 1))]
    file[place] ^= data.draw(st.integers(1, 255))
    found = seal.read_seal(bytes(file), trusted())
    assert found is None or not found.intact


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file + b"\n%%EOF\n",
        lambda file: file + file,
        lambda file: file[:-1],
        lambda file: b"%PDF-1.7\n" + file,
        lambda file: set_paper(PAPER),
        lambda file: b"%PDF-1.7 nonsense",
    ],
)
def test_what_was_added_cut_or_never_sealed_is_noticed(change: Callable[[bytes], bytes]) -> None:
    found = seal.read_seal(change(sealed()), trusted())
    assert found is None or not found.intact


def test_another_authoritys_seal_is_not_trusted(tmp_path: Path) -> None:
    keys._make_demo_files(tmp_path)
    other = keys._read(tmp_path / keys.KEY_FILE, None)
    found = seal.read_seal(seal.seal(set_paper(PAPER), other), trusted())
    assert found
    assert found.intact
    assert not found.trusted


def test_a_certificate_that_ran_out_seals_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    late = keys.DEMO_UNTIL + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: late)
    with pytest.raises(Unavailable, match="seal_expired"):
        seal.seal(set_paper(PAPER), sealing_key())


def production(file: Path, password: str) -> Settings:
    return Settings.model_construct(
        environment=Environment.PRODUCTION,
        seal_key_file=file,
        seal_key_password=SecretStr(password),
        instance_dir=file.parent,
    )


def test_production_refuses_a_demos_key(tmp_path: Path) -> None:
    keys._make_demo_files(tmp_path)
    with pytest.raises(SettingsError, match="made by a demo"):
        keys.check_key(production(tmp_path / keys.KEY_FILE, ""))


def test_production_refuses_what_is_no_key_file(tmp_path: Path) -> None:
    file = tmp_path / "seal.p12"
    with pytest.raises(SettingsError, match="SEAL_KEY_FILE"):
        keys.check_key(production(file, "secret"))
    file.write_bytes(b"not a key")
    with pytest.raises(SettingsError, match="SEAL_KEY_PASSWORD"):
        keys.check_key(production(file, "secret"))


def test_the_demos_key_is_made_once_and_kept_private() -> None:
    assert sealing_key() == keys._read(keys._demo_files(chosen().instance_dir), None)
    mode = (chosen().instance_dir / keys.FOLDER / keys.KEY_FILE).stat().st_mode
    assert mode & 0o077 == 0


def test_without_fonts_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paper, "FONTS", tmp_path)
    with pytest.raises(paper.PaperError, match=r"portal\.assets"):
        set_paper(PAPER)
