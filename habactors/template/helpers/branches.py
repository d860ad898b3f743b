"""Which branch of a block, how often, looking at what: if, unless, with, each, eachAlive."""

from habactors.template.calls import Given, Section
from habactors.template.errors import RefusalError
from habactors.template.values import is_true


def if_(given: Given, section: Section) -> None:
    """The body if the value is true; `includeZero=true` lets 0 count as true."""
    _choose(_holds(given), section)


def unless(given: Given, section: Section) -> None:
    """The body if the value is false."""
    _choose(not _holds(given), section)


def with_(given: Given, section: Section) -> None:
    """The body looking at the value, if that is true."""
    value = given.values[0]
    if is_true(value):
        section.show(value, parameters=(value,))
    else:
        section.show_otherwise()


def each(given: Given, section: Section) -> None:
    """The body for each item of a list or each field of a map; else if there is none."""
    value = given.values[0]
    if isinstance(value, dict) and value:
        _each_field(value, section)
    elif isinstance(value, list | tuple) and value:
        _each_item(list(value), section, first_index=0)
    else:
        section.show_otherwise()


def each_alive(given: Given, section: Section) -> None:
    """The body for each member whose `alive` is true, counted from 1.

    Else is for a false value only: a list in which nobody lives renders nothing. A map that is
    itself alive is gone through field by field.
    """
    value = given.values[0]
    if not is_true(value):
        section.show_otherwise()
    elif isinstance(value, list | tuple):
        given.spend(len(value))
        _each_item([member for member in value if _lives(member)], section, first_index=1)
    elif isinstance(value, dict):
        if _lives(value):
            _each_field(value, section)
    else:
        raise RefusalError("eachAlive wants a list of members")


def raw(_given: Given, section: Section) -> None:
    """The body as it stands, for {{{{raw}}}} blocks."""
    section.show_here()


def block_of(value: object, section: Section) -> None:
    """A block whose name is no helper but a value: each item of a list, else the value itself.

    Only null, false, what is missing and the empty list choose the else branch.
    """
    if isinstance(value, list | tuple):
        if value:
            _each_item(list(value), section, first_index=0)
        else:
            section.show_otherwise()
    elif value is None or value is False:
        section.show_otherwise()
    elif value is True:
        section.show_here()
    else:
        section.show(value, parameters=(value,))


def _holds(given: Given) -> bool:
    value = given.values[0]
    zero = isinstance(value, int | float) and not isinstance(value, bool) and value == 0
    return is_true(value) or (zero and given.named.get("includeZero") is True)


def _choose(holds: bool, section: Section) -> None:
    if holds:
        section.show_here()
    else:
        section.show_otherwise()


def _each_item(items: list[object], section: Section, first_index: int) -> None:
    last = len(items) - 1
    for position, item in enumerate(items):
        index = position + first_index
        variables: dict[str, object] = {
            "index": index,
            "first": position == 0,
            "last": position == last,
        }
        section.show(item, variables, (item, index))


def _each_field(fields: dict[str, object], section: Section) -> None:
    last = len(fields) - 1
    for index, (key, value) in enumerate(fields.items()):
        variables: dict[str, object] = {
            "key": key,
            "index": index,
            "first": index == 0,
            "last": index == last,
        }
        section.show(value, variables, (value, key))


def _lives(member: object) -> bool:
    if not isinstance(member, dict):
        return False
    alive = member.get("alive", False)
    if isinstance(alive, bool):
        return alive
    raise RefusalError("eachAlive found a member whose alive is neither true nor false")
