"""A visit as a calendar file: RFC 5545 to the letter."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from appointments.calendar_file import LINE, Visit, calendar, escaped, folded

ZONE = ZoneInfo("Asia/Shanghai")
VISIT = Visit(
    id=UUID("01890000-0000-7000-8000-000000000001"),
    starts_at=datetime(2027, 1, 5, 8, 0, tzinfo=ZONE),
    until=datetime(2027, 1, 5, 8, 30, tzinfo=ZONE),
    changed_at=datetime(2027, 1, 2, 7, 0, 1, tzinfo=ZONE),
    summary="阿依古丽·买买提江 就诊：心血管内科, 专家; 门诊",
    place="贵港市人民医院 3 楼",
    text="本时段第 1 号\n请在 07:45 前报到",
)


def unfolded(file: bytes) -> list[str]:
    text = file.decode()
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_whole_file() -> None:
    lines = unfolded(calendar(VISIT))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    for line in (
        "UID:01890000-0000-7000-8000-000000000001",
        "DTSTAMP:20270101T230001Z",
        "DTSTART:20270105T000000Z",
        "DTEND:20270105T003000Z",
        "SUMMARY:阿依古丽·买买提江 就诊：心血管内科\\, 专家\\; 门诊",
        "DESCRIPTION:本时段第 1 号\\n请在 07:45 前报到",
        "TRIGGER:-PT24H",
        "TRIGGER:-PT2H",
    ):
        assert line in lines
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 2
    assert lines.index("BEGIN:VEVENT") < lines.index("BEGIN:VALARM") < lines.index("END:VEVENT")


@given(st.text())
def test_no_line_is_too_long_and_none_is_lost(text: str) -> None:
    line = "SUMMARY:" + escaped(text)
    pieces = list(folded(line))
    assert all(len(piece.encode("utf-8", "surrogatepass")) <= LINE for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line


@given(st.text())
def test_a_value_stays_on_its_line(text: str) -> None:
    value = escaped(text)
    assert value.splitlines() == ([value] if value else [])
