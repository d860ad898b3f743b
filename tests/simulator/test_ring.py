"""What befalls a ring when somebody says so?"""

import pytest

from habactors.simulator.performance import perform
from habactors.simulator.ring import Ring
from habactors.simulator.stage import BadScenario, Unmet


def cut(ring, one, other):
    conditions = ring.network.conditions
    return conditions.is_cut(ring.hosts[one].me.address, ring.hosts[other].me.address)


def cuts_over_time(ring, one, other, seconds):
    """Whether the way from one host to another is cut in the middle of each second."""
    ring.run(0.5)
    seen = []
    for _ in range(seconds):
        seen.append(cut(ring, one, other))
        ring.run(1)
    return seen


def test_who_flips_is_cut_and_let_back_by_turns_until_all_heals():
    ring = Ring(3, 1)
    ring.flip(["m0"], ["m1", "m2"], seconds=2)
    assert cuts_over_time(ring, "m0", "m1", 8) == [True, True, False, False] * 2
    assert not cut(ring, "m1", "m2")
    ring.heal()
    assert not any(cuts_over_time(ring, "m1", "m0", 6))


def test_a_flip_leaves_other_cuts_alone():
    ring = Ring(3, 1)
    ring.cut_one_way(["m0"], ["m1"])
    ring.flip(["m0"], ["m1", "m2"], seconds=1)
    assert cuts_over_time(ring, "m0", "m1", 4) == [True] * 4
    assert cut(ring, "m0", "m2") == cut(ring, "m1", "m0")


def test_two_flips_go_on_side_by_side():
    ring = Ring(4, 1)
    ring.flip(["m0"], ["m1"], seconds=1)
    ring.flip(["m2"], ["m3"], seconds=2)
    ring.run(1.5)
    assert (cut(ring, "m0", "m1"), cut(ring, "m2", "m3")) == (False, True)


@pytest.mark.parametrize(("elsewhere", "address"), [(False, "m2:9638"), (True, "m3:9638")])
def test_who_replaces_a_host_has_an_id_of_its_own(elsewhere, address):
    ring = Ring(3, 1)
    ring.start()
    ring.run(3)
    name = ring.replace("m2", elsewhere=elsewhere)
    host = ring.hosts[name]
    assert (name, host.me.id, host.me.address) == ("m3", "id-m3", address)
    assert ring.hosts["m2"].buried
    ring.run(8)
    assert [one.name for one in ring.up] == ["m0", "m1", "m3"]
    assert ring.hosts["m0"].role("disseminator").table.membership("id-m3").health.word == "alive"


def test_churn_replaces_the_oldest_but_not_whom_others_greet():
    ring = Ring(3, 1)
    ring.start()
    ring.run(3)
    ring.churn(3, 10)
    ring.run(25)
    assert [host.name for host in ring.up] == ["m0", "m4", "m5"]


def test_the_latter_half_of_a_ring_goes_down_at_once():
    lines = list(perform("ring of 5 seed 1\nrun 3s\nkill half of all\nrun 9s"))
    ended = {line.split()[-1] for line in lines if "makes it a rumor" in line}
    assert ended >= {"confirmed@1"}
    assert {line.split("rumor: ")[1].split()[0] for line in lines if "rumor: m" in line} == {
        "m3",
        "m4",
    }


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["replace m1", "start m1"], "m1 was replaced: name another host"),
        (["replace m1", "replace m1"], "m1 was replaced: name another host"),
        (["clock of m1 runs 100% slow"], "no clock is as slow as that"),
        (["pause m1 root 1s"], "m1 runs no root: its actors are wire, disseminator"),
        (["flip m1 | m9 every 2s"], "there is no m9"),
        (["loss 10% at m9"], "there is no m9"),
        (["loss 10% m1 -> m9"], "there is no m9"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(lines, told):
    with pytest.raises(BadScenario, match=told):
        list(perform("\n".join(["ring of 3 seed 1", "run 1s", *lines])))


def test_what_is_checked_and_wrong_is_told_at_the_end_with_its_line():
    text = "ring of 3 seed 1\ncheck at most 1 messages a period\nrun 5s\nexpect all alive"
    with pytest.raises(Unmet, match="line 2, check at most 1 messages a period: m") as caught:
        list(perform(text))
    assert "more like it" in str(caught.value)
