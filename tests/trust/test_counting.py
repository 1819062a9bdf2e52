"""Limits per minute: whom one says is refused, the other would have refused."""

from trust.counting import PerMinute


def test_so_many_are_let_in_and_looking_counts_nothing() -> None:
    limit = PerMinute(2)
    assert [limit.overrun("a") for _ in range(3)] == [None] * 3
    assert [limit.count("a") for _ in range(2)] == [None] * 2
    for wait in (limit.overrun("a"), limit.count("a"), limit.count("a")):
        assert wait is not None
        assert 0 < wait <= 60
    assert limit.count("b") is None
    assert PerMinute(2).count("a") is None
