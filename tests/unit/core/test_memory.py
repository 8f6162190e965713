"""What is kept in a process is the latest asked for, made once."""

from core.memory import Memory


def test_a_result_is_made_once_a_key() -> None:
    memory: Memory[str, int] = Memory(2)
    made: list[str] = []

    def make(key: str) -> int:
        made.append(key)
        return len(made)

    assert [memory.get("a", lambda: make("a")) for _ in range(3)] == [1, 1, 1]
    assert memory.get("b", lambda: make("b")) == 2
    assert made == ["a", "b"]
    assert (memory.find("b"), memory.find("c")) == (2, None)


def test_the_one_asked_for_longest_ago_goes_first() -> None:
    memory: Memory[str, str] = Memory(2)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda key=key: key)  # type: ignore[misc]
    assert memory.get("a", lambda: "made again") == "a"
    assert memory.get("b", lambda: "made again") == "made again"
