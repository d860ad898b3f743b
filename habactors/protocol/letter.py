"""What is every message between the actors of one node?"""

import msgspec


class Letter(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """The base of all of them: frozen, shared, told apart by the name of the class."""
