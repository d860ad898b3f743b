"""Which scenarios are refused, and what are people told?"""

import pytest

from habactors.simulator.performance import perform
from habactors.simulator.phrases import Phrasebook
from habactors.simulator.scenario import read
from habactors.simulator.stage import BadScenario, Unmet


def refusal(*lines, error=BadScenario):
    with pytest.raises(error) as caught:
        list(perform("\n".join(lines)))
    return str(caught.value)


def test_a_line_that_is_not_understood_is_quoted_with_the_nearest_phrase():
    told = refusal("ring of 3 seed 1", "", "crsh m1")
    assert told == "line 3 is not understood: crsh m1: write crash {names}"


@pytest.mark.parametrize(
    "text", ["", "run 3s", "ring of 0 seed 1", "ring of 3", "ring of 99999 seed 1"]
)
def test_a_scenario_begins_with_its_ring(text):
    assert "begin with ring of N seed S" in refusal("# a comment", text)


def test_settings_come_before_steps():
    assert "line 3 is not understood: permanent m1" in refusal(
        "ring of 3 seed 1", "run 1s", "permanent m1"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("crash m3", "line 2, crash m3: there is no m3: the hosts are m0 to m2"),
        ("cut m1 | m7", "line 2, cut m1 | m7: there is no m7: the hosts are m0 to m2"),
        ("start m1", "line 2, start m1: m1 is up already: say crash m1 or kill m1 first"),
        ("crash m1 root", "line 2, crash m1 root: m1 runs no root: its actors are wire, d"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(line, told):
    assert refusal("ring of 3 seed 1", line).startswith(told)


def test_a_host_that_is_down_can_do_nothing():
    told = refusal("ring of 3 seed 1", "kill m1", "m1 offers redis.prod")
    assert told.endswith("m1 is down: say start m1 first")


@pytest.mark.parametrize(
    "expectation",
    [
        "all alive",
        "one truth",
        "m1 suspect@3 everywhere",
        "m1 departed at m0",
        "redis.prod version 1 everywhere",
        "redis.prod version 1 at m2",
        "redis.prod served by m1",
    ],
)
def test_an_expectation_that_fails_says_what_is_held_instead(expectation):
    told = refusal("ring of 3 seed 1", "cut m0 | m1 | m2", f"expect {expectation}", error=Unmet)
    assert told.startswith(f"line 3, expect {expectation}: m")


def test_who_was_ever_suspected_stays_so():
    lines = ("ring of 3 seed 1", "run 2s", "cut m0 from all", "run 4s", "heal", "run 4s")
    assert "to be suspect" in refusal(*lines, "expect nobody suspected", error=Unmet)
    list(perform("\n".join([*lines[:2], "expect nobody confirmed"])))


def test_nobody_serves_and_somebody_does():
    told = refusal(
        "ring of 2 seed 1",
        "m1 offers redis.prod",
        "run 2s",
        "expect redis.prod served by nobody",
        error=Unmet,
    )
    assert "m0 knows id-m1 to serve redis.prod" in told


def test_seed_and_size_can_be_overridden():
    text = "ring of 3 seed 1\nrun 3s"
    assert list(perform(text, seed=2)) != list(perform(text))
    assert any("knows all 12 members" in line for line in perform(text, size=12))


def test_lines_come_as_they_happen():
    lines = perform("ring of 2 seed 1\nrun 1s\nexpect m1 confirmed everywhere")
    assert "is alive@1" in next(lines)


def test_durations_and_shares_are_read_in_their_units():
    book, read_values = Phrasebook(), []

    @book.phrase("{seconds} and {share}")
    def keep(_, seconds, share):
        read_values.append((seconds, share))

    for line in ("30ms and 5%", "1.5s and 100%", "2min and 0%"):
        book.find(line)(None)
    assert read_values == [(pytest.approx(0.03), 0.05), (1.5, 1.0), (120.0, 0.0)]
    assert book.find("30 and 5%") is None


def test_comments_and_empty_lines_are_for_the_reader():
    assert len(read("# one\n\nring of 3 seed 1\n# two\nrun 1s\n").steps) == 1
