"""What does a person see of a simulated ring?"""

import json
from pathlib import Path

import pytest

from habactors.simulator.performance import perform

SCENARIOS = Path(__file__).parent.parent / "scenarios"

KILL = """# for a test
ring of 4 seed 1
quiet
check accuracy within 5s
run 3s
kill m3
run 10s
expect m3 confirmed everywhere
"""


@pytest.fixture
def scenario(tmp_path):
    """Writes a scenario file."""

    def write(text):
        path = tmp_path / "some.txt"
        path.write_text(text)
        return path

    return write


def outcome(done):
    """The JSON of a run that went well."""
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def complaint(done, code):
    assert done.exit_code == code, done.output
    (line,) = done.stderr.splitlines()
    return line


def test_people_see_the_transcript_and_what_came_of_it(habactors, scenario):
    path = scenario(KILL)
    done = habactors("simulate", path, "--format", "table")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    told = list(perform(KILL))
    assert lines[: len(told)] == told
    shown = "\n".join(lines[len(told) :])
    assert "4 nodes, seed 1" in shown
    assert "13 s virtual" in shown
    assert "1 rightly, 0 wrongly" in shown
    (row,) = [line.split() for line in lines[len(told) :] if line.startswith("m3")]
    assert row[1:3] == ["3.00", "s"]
    assert ["accuracy", "good"] in [line.split() for line in lines]


def test_scripts_get_it_all_as_json(habactors, scenario):
    found = outcome(habactors("simulate", scenario(KILL)))
    assert found["transcript"] == list(perform(KILL))
    assert found["confirmations"] == {"right": 1, "wrong": 0}
    assert found["checks"] == [{"name": "accuracy", "violations": []}]
    assert (found["nodes"], found["seed"], found["virtual_seconds"]) == (4, 1, 13.0)
    (detection,) = found["detections"]
    assert (detection["name"], detection["ended"]) == ("m3", 3.0)
    assert 0 < detection["suspected_seconds"] <= detection["confirmed_seconds"]
    assert detection["confirmed_seconds"] <= detection["last_seconds"] < 10
    assert 2 < found["messages_per_member_second"] < 20
    assert 100 < found["bytes_per_member_second"] < 5_000
    assert found["wall_seconds"] > 0
    assert found["failure"] is None


def test_seed_and_number_of_nodes_can_be_others(habactors, scenario):
    path = scenario(KILL)
    found = outcome(habactors("simulate", path, "--seed", 5, "--nodes", 7))
    assert (found["nodes"], found["seed"]) == (7, 5)
    assert found["transcript"] == list(perform(KILL, seed=5, size=7))


def test_an_expectation_that_fails_ends_it_in_one_line_after_the_summary(habactors, scenario):
    path = scenario(KILL.replace("expect m3 confirmed", "expect m3 alive"))
    done = habactors("simulate", path, "--format", "table")
    line = complaint(done, 1)
    assert line.startswith(f"{path}: line 8, expect m3 alive everywhere: m0 holds m3 to be conf")
    assert "1 rightly, 0 wrongly" in done.stdout


def test_a_check_that_fails_does_too_and_is_in_the_json(habactors, scenario):
    path = scenario(KILL.replace("accuracy within 5s", "at most 3 messages a period"))
    done = habactors("simulate", path)
    assert "line 4, check at most 3 messages a period: m" in complaint(done, 1)
    found = json.loads(done.stdout)
    assert found["failure"] in complaint(done, 1)
    (check,) = found["checks"]
    assert check["name"] == "messages"
    assert "sent more than 3 messages in a period" in check["violations"][0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1 names no ring: it is empty: begin with ring of N seed S"),
        ("ring of 3 seed 1\nrum 3s\n", "line 2 is not understood: rum 3s: write run {seconds}"),
        ("ring of 3 seed 1\nrun 1s\ncrash m9\n", "line 3, crash m9: there is no m9"),
    ],
)
def test_a_scenario_that_is_broken_is_told_with_its_file_and_line(habactors, scenario, text, told):
    path = scenario(text)
    done = habactors("simulate", path)
    assert complaint(done, 2).startswith(f"{path}: {told}")
    assert done.stdout == ""


def test_what_is_no_scenario_file_is_told(habactors, tmp_path):
    assert "no such file" in complaint(habactors("simulate", tmp_path / "none.txt"), 2)
    assert "is a directory" in complaint(habactors("simulate", tmp_path), 2)
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00")
    assert "is no text" in complaint(habactors("simulate", tmp_path / "odd"), 2)


@pytest.mark.parametrize("words", [["--nodes", "0"], ["--nodes", "100000"], ["--seed", "x"], []])
def test_wrong_words_are_wrong_usage(habactors, words):
    path = [SCENARIOS / "silent.txt"] if words else []
    assert complaint(habactors("simulate", *path, *words), 2)


def test_the_example_of_its_help_is_there(habactors):
    page = habactors("simulate", "--help").stdout
    named = [word for word in page.split() if word.startswith("tests/scenarios/")]
    assert named
    assert all((SCENARIOS.parent.parent / name).is_file() for name in named)


def test_its_exit_is_that_of_the_run_on_a_golden_scenario(habactors):
    found = outcome(habactors("simulate", SCENARIOS / "forgiven.txt"))
    golden = (SCENARIOS / "forgiven.txt").read_text().partition("\n----\n")[2].splitlines()
    assert found["transcript"] == golden
