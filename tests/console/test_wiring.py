"""The wiring as people read it."""

import json
from pathlib import Path

from habactors.console.wiring import WIDTH, wiring_text
from habactors.protocol.events import Event
from habactors.roles.wiring import CAST, SENT, WIRING

README = Path(__file__).parent.parent.parent / "README.md"


def test_every_line_of_the_wiring_is_there_below_its_speaker():
    blocks = {block.partition(":")[0]: block for block in wiring_text().split("\n\n")}
    for line in WIRING:
        block = blocks["every actor" if line.message is Event else line.speaker]
        (found,) = [row for row in block.splitlines() if row.split()[0] == line.message.__name__]
        assert " ".join(line.hearers) in found
    for message, (actor, _) in SENT.items():
        assert f"{message.__name__:<11}  → {actor}" in blocks["between members"]
    assert list(blocks) == [*CAST, "every actor", "between members"]


def test_it_fits_on_a_page():
    assert max(map(len, wiring_text().splitlines())) <= WIDTH


def test_the_command_prints_it_and_scripts_get_it_as_json(habactors):
    assert habactors("wiring").stdout == wiring_text() + "\n"
    rows = json.loads(habactors("wiring", "--format", "json").stdout)
    assert rows[0] == {"speaker": "wire", "message": "Probed", "hearers": ["detector"]}
    assert len(rows) == len(WIRING)


def test_the_readme_shows_it():
    assert f"```\n{wiring_text()}\n```" in README.read_text()
