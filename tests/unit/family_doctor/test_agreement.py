"""The agreement's wording and digest."""

from dataclasses import replace
from datetime import date

from family_doctor.agreement import Terms, compose, digest

TERMS = Terms(
    contract_id="c-1",
    resident="示例居民",
    team="试验团队",
    institution="试验卫生院",
    pack="试验基础包",
    price_fen=1500,
    public_health_fen=1000,
    insurance_fen=500,
    person_fen=0,
    items=[("体检", 1), ("随访", 4)],
    years=1,
    written_on=date(2026, 1, 2),
)


def test_the_text_names_parties_services_and_payers() -> None:
    text = compose(TERMS)
    for part in ("示例居民", "试验团队", "试验卫生院", "随访：每年 4 次", "15.00", "2026-01-02"):
        assert part in text


def test_the_digest_follows_the_text() -> None:
    text = compose(TERMS)
    assert digest(text) == digest(compose(TERMS))
    assert digest(text) != digest(compose(replace(TERMS, price_fen=1501)))
    assert len(digest(text)) == 32
