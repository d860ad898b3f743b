"""What does another kind of rumor cost?

A module in `rumors/`, a name in `AnyRumor`, and whoever folds it: the table, its digests, the heat
and the codec know no kind by name.
"""

import ast
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

import habactors
from habactors.protocol.health import Health
from habactors.protocol.heat import Heat
from habactors.protocol.rumors import AnyRumor, Departure, Membership
from habactors.protocol.rumors.rumor import Key, Rumor
from habactors.protocol.table import Table, chunks
from tests import strategies

FILES_MAX = 3

PACKAGE = Path(habactors.__file__).parent

KNOWS_NO_KIND = (
    "protocol/heat.py",
    "protocol/envelope.py",
    "protocol/limits.py",
    "protocol/letters.py",
    "roles/records.py",
    "roles/follower.py",
)
"""Files that treat all kinds alike."""


class Weather(Rumor, frozen=True, tag=99):
    """A kind that nobody in habactors has heard of."""

    KIND: ClassVar[str] = "weather"
    PRIORITY: ClassVar[int] = 7

    place: str
    day: int
    sky: str

    @property
    def key(self) -> Key:
        return ("weather", self.place)

    @property
    def precedence(self) -> tuple[int, ...]:
        return (self.day,)


RAIN, SUN = Weather("Ulm", 1, "rain"), Weather("Ulm", 2, "sun")
ADA = Membership("ada", "ada", "ada:1", 1, Health.ALIVE)


def table_of(*rumors):
    table = Table()
    for rumor in rumors:
        table.merge(rumor)
    return table


def test_the_table_merges_it_and_makes_two_tables_equal():
    here, there = table_of(SUN, ADA, RAIN), table_of(RAIN)
    assert here.get(("weather", "Ulm")) == SUN
    lacking, wanted = there.compare(here.outline())
    assert lacking == [RAIN]
    for rumor in here.chosen(wanted):
        there.merge(rumor)
    assert there.checksum == here.checksum


def test_it_is_told_after_all_that_is_more_urgent():
    heat = Heat()
    heat.kindle(SUN)
    heat.kindle(ADA)
    assert heat.take(1, 1, 1_000, 10) == [ADA, SUN]


def test_it_crosses_the_network_once_its_name_is_in_the_union():
    decoder = msgspec.msgpack.Decoder(tuple[AnyRumor | Weather, ...])
    (run,) = chunks([SUN, ADA], 1_000)
    assert decoder.decode(msgspec.msgpack.encode(run)) == (SUN, ADA)


def imported(path):
    """The names that a file takes from the package of rumors."""
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(RUMORS)
        for alias in node.names
    }


RUMORS = "habactors.protocol.rumors"

HELD_BY_ALL = (Membership, Departure)
"""Who is a member concerns the table, the detector and the disseminator alike."""


@pytest.mark.parametrize(
    "kind",
    [kind for kind in strategies.ALL_RUMORS if kind not in HELD_BY_ALL],
    ids=lambda kind: kind.KIND,
)
def test_few_roles_know_a_kind(kind):
    knowing = [
        path.name
        for path in sorted((PACKAGE / "roles").glob("*.py"))
        if kind.__name__ in imported(path)
    ]
    assert knowing
    assert len(knowing) <= FILES_MAX, knowing


@pytest.mark.parametrize("name", KNOWS_NO_KIND)
def test_what_treats_all_kinds_alike_names_none(name):
    kinds = {kind.__name__ for kind in strategies.ALL_RUMORS}
    assert imported(PACKAGE / name) & kinds == set()
