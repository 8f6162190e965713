"""A link is ours letter by letter, and says nothing of a person."""

from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_id
from family_doctor.links import LENGTH, Link, LinkKind, make_link, read_link
from family_doctor.numbers import read_lines


@given(st.uuids(), st.sampled_from(LinkKind))
def test_what_is_made_is_read(number: object, kind: LinkKind) -> None:
    text = make_link(kind, number)  # type: ignore[arg-type]
    assert len(text) == LENGTH
    assert read_link(text) == Link(kind, number)  # type: ignore[arg-type]


@given(st.data(), st.sampled_from(LinkKind))
def test_no_letter_can_be_changed(data: st.DataObject, kind: LinkKind) -> None:
    text = make_link(kind, new_id())
    place = data.draw(st.integers(0, LENGTH - 1))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_= %好"))
    changed = text[:place] + other + text[place + 1 :]
    assert (read_link(changed) is None) == (changed != text)


@given(st.text(max_size=60))
def test_anything_else_is_nothing(text: str) -> None:
    assert read_link(text) is None


def test_lines_are_read_as_people_write_them() -> None:
    pasted = "\ufeff姓名,电话\n韦示例,138 0013 8000\n+86-13900139000\n\n 13700137000 ；备注"
    assert [(line.number, line.phone) for line in read_lines(pasted)] == [
        (2, "13800138000"),
        (3, "13900139000"),
        (5, "13700137000"),
    ]


def test_a_line_without_exactly_one_number_is_given_back() -> None:
    lines = read_lines("12345\n13800138000,13900139000\n无\n138001380001\n13800138000 13900139000")
    assert [line.phone for line in lines] == [None] * 5
    assert lines[2].text == "无"
    assert read_lines(" \n,,\n") == []
