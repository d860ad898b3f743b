"""Does every letter reach the other actor's process as it was written?"""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habactors import protocol
from habactors.protocol.letter import Letter
from habactors.protocol.letters import AnyLetter, read, write
from habactors.roles.wiring import HEARERS
from tests import strategies

LETTERS = AnyLetter.__args__


@pytest.mark.parametrize("kind", LETTERS, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(st.data())
def test_every_letter_is_read_as_it_was_written(kind, data):
    letter = data.draw(strategies.valid(kind))
    arrived = read(write(letter))
    assert arrived == letter
    assert type(arrived) is kind


@given(strategies.any_letters)
def test_a_letter_can_be_read_out_of_the_middle_of_a_buffer(letter):
    written = b"before" + write(letter) + b"after"
    assert read(memoryview(written)[len("before") : -len("after")]) == letter


def test_whatever_one_actor_says_to_another_is_a_letter_that_can_be_read():
    said = {
        message: hearers
        for (_, message), hearers in HEARERS.items()
        if not hearers[0].endswith(".hands")
    }
    assert [message.__name__ for message in said if message not in LETTERS] == []


def test_every_letter_that_can_be_read_is_said_by_somebody():
    said = {message for _, message in HEARERS}
    carried = {"Send"}  # by the driver, for whoever sends
    unsaid = {kind.__name__ for kind in LETTERS if kind not in said}
    assert unsaid - carried == set()


def test_no_two_letters_have_one_name():
    for module in iter_modules(protocol.__path__):
        import_module(f"{protocol.__name__}.{module.name}")
    names = [kind.__name__ for kind in Letter.__subclasses__()]
    assert len(names) == len(set(names))
