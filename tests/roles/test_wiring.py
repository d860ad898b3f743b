"""Is everything heard that is said, and everything said that is heard?

The wiring is data, and so are the match statements of the roles: one is held against the other.
"""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from habactors import roles
from habactors.protocol.envelope import RingMessage
from habactors.protocol.events import Event
from habactors.protocol.lifecycle import Start, Wake
from habactors.protocol.transport import Gossiped, Probed, Send
from habactors.roles.role import Role
from habactors.roles.wiring import CAST, HEARERS, QUESTIONS, SENT, WIRING

FOR_ALL = {Start.__name__, Wake.__name__}
HANDS = ".hands"

ROLES = {
    thing.NAME: thing
    for module in iter_modules(roles.__path__)
    for thing in vars(import_module(f"{roles.__name__}.{module.name}")).values()
    if isinstance(thing, type) and issubclass(thing, Role) and thing is not Role
}

every_role = pytest.mark.parametrize("role", ROLES.values(), ids=ROLES.keys())


def method(owner, name):
    """The syntax tree of a method of a class."""
    (found,) = [
        node
        for node in ast.parse(inspect.getsource(owner)).body[0].body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    return found


def heard_by(role):
    """The names of all classes that the cases of the role's `hear` match."""
    return {name for case in cases(method(role, "hear")) for name in matched(role, case)}


def cases(function):
    return [
        case for node in ast.walk(function) if isinstance(node, ast.Match) for case in node.cases
    ]


def matched(role, case):
    """What a case matches; for a wildcard, what the helper matches that its guard asks."""
    named = classes(case.pattern)
    if named or case.guard is None:
        return named
    asked = case.guard.func.attr
    return [
        name
        for helper in vars(inspect.getmodule(role)).values()
        if isinstance(helper, type) and asked in vars(helper)
        for inner in cases(method(helper, asked))
        for name in classes(inner.pattern)
    ]


def classes(pattern):
    """The classes that a pattern matches as a whole."""
    match pattern:
        case ast.MatchClass(cls=ast.Name(name)):
            return [name]
        case ast.MatchOr(patterns):
            return [name for each in patterns for name in classes(each)]
        case ast.MatchAs(pattern=inner) if inner:
            return classes(inner)
    return []


def said_to(actor):
    return {line.message.__name__ for line in WIRING if actor in line.hearers}


def said_by_hands():
    """What the hands of a role may answer; they never leave its process."""
    return {
        name
        for module in ("hands", "files")
        for name in vars(import_module(f"habactors.protocol.{module}"))
    }


def test_there_are_roles_to_check():
    assert {"detector", "disseminator", "census", "wire"} <= ROLES.keys() <= set(CAST)


@every_role
def test_whatever_is_said_to_a_role_its_hear_has_a_case_for(role):
    assert said_to(role.NAME) - heard_by(role) == set()


@every_role
def test_a_role_has_no_case_for_what_nobody_says(role):
    assert heard_by(role) - said_to(role.NAME) - FOR_ALL - carried_to(role) == set()


def carried_to(role):
    """What reaches a role otherwise: sends of its own node, and its own hands."""
    return said_by_hands() | ({Send.__name__} if role.NAME == "wire" else set())


@pytest.mark.parametrize(
    "line", WIRING, ids=lambda line: f"{line.speaker}-{line.message.__name__}"
)
def test_every_line_has_a_speaker_of_the_cast_and_hearers_who_are_not_the_speaker(line):
    assert line.speaker in CAST
    assert line.hearers
    for hearer in line.hearers:
        if hearer.endswith(HANDS):
            assert hearer == line.speaker + HANDS, "only a role's own hands hear it"
        else:
            assert hearer in CAST
            assert hearer != line.speaker or line.message is Event


def test_nobody_says_one_thing_in_two_lines():
    assert len(HEARERS) == len(WIRING)


def test_every_actor_has_a_question_and_reports_events():
    assert QUESTIONS.keys() == set(CAST)
    assert {line.speaker for line in WIRING if line.message is Event} == set(CAST)


@every_role
def test_the_module_of_a_role_begins_with_its_question(role):
    docstring = inspect.getmodule(role).__doc__
    assert docstring.splitlines()[0] == QUESTIONS[role.NAME]


@every_role
def test_a_role_lives_in_the_module_of_its_name(role):
    assert Path(inspect.getfile(role)).stem == role.NAME


def test_every_ring_message_has_an_actor_that_sends_and_hears_it():
    assert SENT.keys() == set(RingMessage.__args__)
    for actor, wrapped in SENT.values():
        assert HEARERS["wire", wrapped] == (actor,)


def test_every_ring_message_has_a_case_where_it_is_heard():
    for kind, (actor, _) in SENT.items():
        module = inspect.getmodule(ROLES[actor])
        named = {name for each in (module, *helpers_of(module)) for name in matches_in(each)}
        assert kind.__name__ in named


def helpers_of(module):
    """The modules of whose classes that of a role makes use."""
    named = {thing.__module__ for thing in vars(module).values() if isinstance(thing, type)}
    return [import_module(name) for name in sorted(named) if name.startswith(roles.__name__)]


def matches_in(module):
    """The classes that any case of a module matches."""
    return [
        node.cls.id
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    ]


@pytest.mark.parametrize("wrap", [Probed, Gossiped], ids=lambda wrap: wrap.__name__)
def test_a_wrapped_message_is_one_that_its_hearer_is_sent(wrap):
    wrapped = {kind for kind, (_, by) in SENT.items() if by is wrap}
    annotation = inspect.get_annotations(wrap)["message"]
    assert set(annotation.__args__) == wrapped
