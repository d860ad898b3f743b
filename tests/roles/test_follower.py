"""Does a follower notice every gap, and never fold anything twice?"""

from hypothesis import given
from hypothesis import strategies as st

from habactors.roles.follower import Follower, Step


def follower_at(epoch, version):
    follower = Follower()
    follower.reset(epoch, version)
    return follower


def test_before_the_first_snapshot_everything_is_a_gap():
    assert Follower().step(7, 1) is Step.GAP
    assert Follower().step(0, 0) is Step.GAP


def test_the_version_after_the_last_one_is_next():
    follower = follower_at(7, 3)
    assert [follower.step(7, version) for version in (4, 5)] == [Step.NEXT, Step.NEXT]


def test_what_was_heard_already_is_stale():
    follower = follower_at(7, 3)
    assert [follower.step(7, version) for version in (2, 3)] == [Step.STALE, Step.STALE]


def test_a_missing_version_is_a_gap_until_a_snapshot_closes_it():
    follower = follower_at(7, 3)
    assert [follower.step(7, version) for version in (5, 6)] == [Step.GAP, Step.GAP]
    assert follower.reset(7, 6)
    assert follower.step(7, 7) is Step.NEXT


def test_another_life_of_the_publisher_is_a_gap():
    assert follower_at(7, 3).step(8, 4) is Step.GAP


def test_a_snapshot_of_another_life_is_taken_whatever_its_version():
    assert follower_at(7, 3).reset(8, 0)


def test_a_snapshot_that_says_no_more_than_was_heard_is_not_taken():
    assert not follower_at(7, 3).reset(7, 2)
    assert not follower_at(7, 3).reset(7, 3)


def test_many_deltas_that_waited_for_a_restarted_follower_cost_few_snapshots():
    follower = Follower()
    steps = [follower.step(7, version) for version in range(1, 1_025)]
    assert [at for at, step in enumerate(steps, start=1) if step is Step.GAP] == [
        2**power for power in range(11)
    ]
    assert Step.NEXT not in steps


def test_the_next_gap_is_noticed_at_once_again():
    follower = Follower()
    for version in range(1, 8):
        follower.step(7, version)
    follower.reset(7, 8)
    assert follower.step(7, 10) is Step.GAP


@given(st.data(), st.integers(1, 12))
def test_whatever_is_lost_or_repeated_nothing_is_folded_twice_or_left_out(data, last):
    """A publisher counts; deltas are lost and repeated; a question may get lost too."""
    follower = follower_at(1, 0)
    total = 0
    for version in range(1, last + 1):
        for _ in range(data.draw(st.integers(0, 2))):
            step = follower.step(1, version)
            if step is Step.NEXT:
                total += version
            if step is Step.GAP and data.draw(st.booleans()):
                assert follower.reset(1, version)
                total = sum(range(version + 1))
    assert total == sum(range(follower.version + 1))
