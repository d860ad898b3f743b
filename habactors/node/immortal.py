"""Why does an idle actor write to so little of the memory that it shares with root?

A forked page stays shared until somebody writes to it, and CPython writes to an object's reference
count whenever it looks at the object. Since 3.12 there are objects whose count it leaves alone,
None among them: they live for ever, and are known by that count (PEP 683, which was made for
servers that fork). Before its first fork root gives the same count to all objects that there are,
as they live as long as the node anyway. A node of eight actors has 45 MB PSS by that instead of
57 MB, on Python 3.13; it takes root 0.07 s.
"""

import ctypes
import gc
import sys
from types import CodeType
from typing import Any

IMMORTAL_COUNT_MIN = 2**30
"""Immortal counts begin here or above in all versions; others never come near."""


def make_immortal() -> None:
    """Have no object that there is be counted or freed any more; new ones are as ever.

    Nothing happens where CPython knows no immortal objects, or lays them out in another way:
    before 3.12, without the global lock, and in debug builds.
    """
    if not is_possible():
        return
    immortal_count = _count_of(None).value
    left = gc.get_objects()
    while left:
        found = left.pop()
        if sys.getrefcount(found) < IMMORTAL_COUNT_MIN:
            _count_of(found).value = immortal_count
            left += _parts(found)


def is_possible() -> bool:
    """Whether this interpreter has immortal objects that look as we know them."""
    plain_build = not sys.abiflags and sys.byteorder == "little"
    return plain_build and sys.getrefcount(None) >= IMMORTAL_COUNT_MIN


def _count_of(found: Any) -> ctypes.c_uint32:
    """The memory of the count: its lower half, which is all that CPython looks at."""
    return ctypes.c_uint32.from_address(id(found))


def _parts(found: Any) -> list[Any]:
    """What the object refers to; the collector, whom we ask, knows nothing of code."""
    if isinstance(found, CodeType):
        return [found.co_consts, found.co_names]
    return gc.get_referents(found)
