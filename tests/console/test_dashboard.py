"""The dashboard: frames of a known node, and whatever room there is."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from habactors.console.dashboard import NOTHING, Picture, dashboard
from tests.console.answering import (
    CENSUS,
    ELECTIONS,
    EVENTS,
    MEMBERS,
    NOW,
    SERVICES,
    STATUS,
    election,
    event,
    member,
    service,
)

FRAMES = Path(__file__).parent / "frames"

PICTURE = Picture(NOW, MEMBERS, STATUS, CENSUS, ELECTIONS, SERVICES, EVENTS)
NO_NODE = NOTHING._replace(now=NOW, trouble="no node is running in /run/ada, waiting")
TROUBLED = PICTURE._replace(trouble="control is being restarted")


def drawn(picture, width, height):
    """The frame as text, without colours."""
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None)
    console.print(dashboard(picture, width, height))
    return console.file.getvalue()


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("name", "picture", "width", "height"),
    [
        ("small", PICTURE, 80, 24),
        ("large", PICTURE, 120, 30),
        ("troubled", TROUBLED, 80, 24),
        ("no_node", NO_NODE, 80, 24),
    ],
)
def test_frames_look_as_they_did(name, picture, width, height, rewrite):
    file = FRAMES / f"{name}.txt"
    frame = drawn(picture, width, height)
    if rewrite:
        file.write_text(frame)
    assert frame == file.read_text()


def many(count):
    """A node of a ring so large that no terminal shows it all."""
    members = [member("cyd") | {"name": f"m{number:03}"} for number in range(count)]
    members.append(member("bob", "confirmed") | {"name": "gone"})
    services = [service(f"s{number}.prod") for number in range(count)]
    services.append(service("bad.prod", "backoff", None, restarts=3))
    groups = {f"s{number}.prod": CENSUS["census_groups"]["redis.prod"] for number in range(count)}
    events = [event(number, f"e{number}", "", "", "up") for number in range(count)]
    census = CENSUS | {"census_groups": groups}
    return Picture(NOW, members, STATUS, census, [], services, events)


@given(
    count=st.integers(0, 60),
    width=st.integers(80, 200),
    height=st.integers(24, 70),
)
def test_a_frame_fits_whatever_terminal_there_is(count, width, height):
    lines = drawn(many(count), width, height).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(1, 1), (20, 5), (60, 10), (40, 100)])
def test_even_a_tiny_terminal_gets_something(width, height):
    assert drawn(many(30), width, height)


def test_whatever_is_not_well_is_shown_first():
    frame = drawn(many(60), 80, 24)
    assert "gone" in frame
    assert "bad.prod" in frame
    assert "census" in frame
    assert "members, 5" in frame
    assert "e59" in frame
    assert "e1 " not in frame


def test_what_a_node_says_is_no_markup():
    row = member("bob", "suspect", why="[bold]x[/]")
    frame = drawn(
        PICTURE._replace(members=[row], events=[event(1, "[red]", "", "", "[/]")]), 140, 30
    )
    assert "[bold]x[/]" in frame
    assert "[red]: [/]" in frame


def test_states_have_colours_on_a_terminal():
    console = Console(width=100, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(dashboard(PICTURE, 100, 30))
    shown = console.file.getvalue()
    assert "\x1b[32malive" in shown
    assert "\x1b[33msuspect" in shown
    assert "\x1b[31mbackoff" in shown
    assert "\x1b[1;32m★ada" in shown
    assert "\x1b[33mhello.test" in shown


@pytest.mark.parametrize(
    ("status", "says"),
    [("none", "no leader yet"), ("in-progress", "electing"), ("no-quorum", "no quorum")],
)
def test_a_group_without_a_leader_says_so_before_its_members(status, says):
    led = election(leader=None, status=status)
    frame = drawn(PICTURE._replace(elections=[led]), 120, 30)
    assert f"{says}  ada bob" in frame
    assert "★" not in frame


def test_a_leader_that_is_lost_or_found_is_an_event_in_colour():
    console = Console(width=100, file=io.StringIO(), force_terminal=True, color_system="standard")
    lost = event(4, "redis.prod", "redis.prod", "ada", "nobody", "ada gave up", "election")
    found = event(5, "redis.prod", "redis.prod", "nobody", "bob", "bob was elected", "election")
    console.print(dashboard(PICTURE._replace(events=[lost, found]), 100, 30))
    shown = console.file.getvalue()
    assert "\x1b[33melection redis.prod: ada → nobody (ada gave up)" in shown
    assert "\x1b[32melection redis.prod: nobody → bob (bob was elected)" in shown
