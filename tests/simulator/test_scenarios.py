"""Do the scenarios happen as they are told? With --rewrite, their transcripts are written anew."""

from pathlib import Path

import pytest

from habactors.simulator.performance import perform
from habactors.simulator.scenario import BOOKS, RULE, read, split
from habactors.simulator.settings import SETTINGS

SCENARIOS = sorted((Path(__file__).parent.parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_happens_as_it_is_told(path, rewrite):
    told, golden = split(path.read_text())
    happened = "".join(f"{line}\n" for line in perform(told))
    if rewrite:
        path.write_text(f"{told.rstrip()}\n{RULE}\n{happened}")
    else:
        assert happened.splitlines() == golden.splitlines()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_says_first_what_it_shows(path):
    assert path.read_text().startswith("# ")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_what_a_scenario_expects_holds_with_other_seeds_too(path):
    for seed in range(100, 104):
        assert list(perform(path.read_text(), seed=seed))


@pytest.mark.parametrize("book", [SETTINGS, *BOOKS])
def test_every_phrase_of_the_language_is_used_by_some_scenario(book):
    used = set()
    for path in SCENARIOS:
        lines = [line.strip() for line in split(path.read_text())[0].splitlines()]
        used |= {phrase for phrase in book for line in lines if book.fits(phrase, line)}
    assert [phrase for phrase in book if phrase not in used] == []


def test_a_scenario_is_read_without_its_transcript():
    assert read(f"ring of 3 seed 1\nrun 1s\n{RULE}\nnonsense").steps[0].text == "run 1s"
