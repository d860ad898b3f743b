"""What is due, and when is the next thing due?"""

from hypothesis import given
from hypothesis import strategies as st

from habactors.roles.deadlines import Deadlines

times = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), max_size=6)


def deadlines_of(times):
    deadlines = Deadlines()
    for name, time in times.items():
        deadlines.set(name, time)
    return deadlines


@given(times, st.integers(0, 9))
def test_what_is_due_is_told_once_and_earliest_first(times, now):
    deadlines = deadlines_of(times)
    due = deadlines.due(now)
    assert sorted(due) == sorted(name for name, time in times.items() if time <= now)
    assert [times[name] for name in due] == sorted(times[name] for name in due)
    assert deadlines.due(now) == []


@given(times, st.integers(0, 9))
def test_the_next_deadline_is_the_earliest_that_is_not_yet_due(times, now):
    deadlines = deadlines_of(times)
    deadlines.due(now)
    assert deadlines.next == min((time for time in times.values() if time > now), default=None)


def test_a_deadline_set_again_is_replaced():
    deadlines = deadlines_of({"a": 1})
    deadlines.set("a", 5)
    assert deadlines.next == 5


def test_a_cleared_deadline_is_never_due():
    deadlines = deadlines_of({"a": 1})
    deadlines.clear("a")
    deadlines.clear("a")
    assert "a" not in deadlines
    assert deadlines.next is None
    assert deadlines.due(9) == []
