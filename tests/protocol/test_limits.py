"""Is every length that arrives from outside limited, and every limit enforced?"""

import re

import msgpack
import msgspec
import pytest

from habactors.config import Address
from habactors.protocol import limits
from habactors.protocol.envelope import VERSION, Envelope, Malformed, unseal
from habactors.protocol.rumors import Evidence, Membership


class Place:
    """A field of some message: where it is, its type, and a small envelope that contains it."""

    def __init__(self, path, info, frame):
        self.path = path
        self.info = info
        self._frame = frame

    def refuses(self, value):
        """Whether the envelope is refused with that value in this place."""
        try:
            unseal(bytes((VERSION,)) + msgpack.packb(self._frame(value)))
        except Malformed:
            return True
        return False


def example(info):
    """The smallest value that a type allows, as msgpack holds it."""
    match info:
        case msgspec.inspect.Metadata(inner):
            return example(inner)
        case msgspec.inspect.UnionType(types):
            return example(types[0])
        case msgspec.inspect.StructType(tag=tag, fields=fields):
            return ([] if tag is None else [tag]) + [example(field.type) for field in fields]
        case msgspec.inspect.VarTupleType():
            return []
        case msgspec.inspect.IntType(ge=least):
            return least or 0
        case msgspec.inspect.StrType(pattern=limits.HOST_AND_PORT):
            return "x:1"
        case msgspec.inspect.StrType(min_length=least):
            return "x" * (least or 0)
        case msgspec.inspect.BytesType(min_length=least):
            return b"x" * (least or 0)
        case msgspec.inspect.BoolType():
            return False
    raise NotImplementedError(f"no example of {info}")


def places(info, path="", frame=lambda value: value):
    """Every field within a type, down to the last."""
    match info:
        case msgspec.inspect.Metadata(inner):
            yield from places(inner, path, frame)
        case msgspec.inspect.UnionType(types):
            for each in types:
                yield from places(each, path, frame)
        case msgspec.inspect.StructType(cls, tag=tag, fields=fields):
            whole = example(info)
            for at, field in enumerate(fields, start=tag is not None):
                inner = _replaced(whole, at, frame)
                yield from places(field.type, f"{path}/{cls.__name__}.{field.name}", inner)
        case msgspec.inspect.VarTupleType(item):
            yield Place(path, info, frame)
            yield from places(item, f"{path}[]", lambda value: frame([value]))
        case _:
            yield Place(path, info, frame)


def _replaced(whole, at, frame):
    return lambda value: frame([*whole[:at], value, *whole[at + 1 :]])


PLACES = list(places(msgspec.inspect.type_info(Envelope)))

LONG = (msgspec.inspect.StrType, msgspec.inspect.BytesType, msgspec.inspect.VarTupleType)


def of_type(*kinds):
    found = [place for place in PLACES if isinstance(place.info, kinds)]
    assert len(found) > 5
    return found


def paths(found):
    return [place.path for place in found]


def _long(info, length):
    match info:
        case msgspec.inspect.StrType(pattern=limits.HOST_AND_PORT):
            return "x" * (length - len(":9638")) + ":9638"
        case msgspec.inspect.StrType():
            return "é" * length
        case msgspec.inspect.BytesType():
            return bytes(length)
    return [example(info.item_type)] * length


def test_the_search_for_fields_finds_them_all():
    assert len(PLACES) > 60
    assert "/Envelope.source" in paths(PLACES)
    assert "/Envelope.message/Rumors.rumors[]/Config.body" in paths(PLACES)
    assert "/Envelope.message/Ping.introductions[]/Membership.evidence[]/Evidence.why" in paths(
        PLACES
    )


def test_the_smallest_value_is_taken_everywhere():
    assert paths(place for place in PLACES if place.refuses(example(place.info))) == []


def test_every_length_is_limited():
    assert paths(place for place in of_type(*LONG) if place.info.max_length is None) == []


def test_the_longest_is_taken_and_one_more_is_refused_everywhere():
    for place in of_type(*LONG):
        most = place.info.max_length
        assert not place.refuses(_long(place.info, most)), place.path
        assert place.refuses(_long(place.info, most + 1)), place.path


def test_less_than_the_least_length_is_refused_everywhere():
    for place in of_type(*LONG):
        least = place.info.min_length or 0
        assert not least or place.refuses(_long(place.info, least - 1)), place.path


def test_every_number_is_limited_and_what_lies_beyond_is_refused():
    for place in of_type(msgspec.inspect.IntType):
        assert place.refuses(place.info.ge - 1), place.path
        if place.path.endswith("checksum"):  # all that msgpack knows
            assert not place.refuses(2**64 - 1), place.path
        else:
            assert not place.refuses(place.info.le), place.path
            assert place.refuses(place.info.le + 1), place.path


def test_every_text_is_plain_or_an_address():
    texts = of_type(msgspec.inspect.StrType)
    assert {place.info.pattern for place in texts} == {limits.PLAIN, limits.HOST_AND_PORT}


@pytest.mark.parametrize("character", ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x9b"], ids=repr)
def test_control_characters_are_refused_everywhere(character):
    texts = of_type(msgspec.inspect.StrType)
    assert paths(place for place in texts if not place.refuses(f"xx{character}")) == []
    assert paths(place for place in texts if not place.refuses(f"x:1{character}")) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        ":1",
        "x:",
        "x:y",
        "x:123456",
        "x y:1",
        "tcp://x:1",
        "-x:1",
        "::1:9",
        "[x]:1",
        "*:1",
    ],
)
def test_what_no_socket_can_be_connected_to_is_no_address(address):
    assert re.search(limits.HOST_AND_PORT, address) is None


@pytest.mark.parametrize(
    "address", ["ada:9638", "127.0.0.1:1", "a-b.c_d.:65535", "[2001:db8::1]:80"]
)
def test_names_and_numbers_of_hosts_with_a_port_are_addresses(address):
    assert re.search(limits.HOST_AND_PORT, address)
    assert str(Address.parse(address)) == address


@pytest.mark.parametrize("value", [None, 1.5, {}, msgpack.ExtType(1, b"")], ids=repr)
def test_a_value_of_another_type_is_refused_everywhere(value):
    assert paths(place for place in PLACES if not place.refuses(value)) == []


def test_everything_that_one_message_may_hold_together_fits_the_envelope():
    evidence = Evidence("𝄞" * 64, limits.WHOLE_MAX, True, "𝄞" * limits.EVIDENCE_CHARACTERS_MAX)
    longest = Membership(
        "𝄞" * 64,
        "𝄞" * 128,
        "x" * 278 + ":1",
        limits.WHOLE_MAX,
        3,
        True,
        (evidence,) * limits.EVIDENCE_MAX,
    )
    size = len(msgspec.msgpack.encode(longest))
    assert size * limits.INTRODUCTIONS_MAX < limits.ENVELOPE_BYTES_MAX
    assert limits.CHUNK_BYTES + size + 2 * limits.CONFIG_BYTES_MAX < limits.ENVELOPE_BYTES_MAX
    assert limits.OUTLINE_BYTES_MAX + 2 * size < limits.ENVELOPE_BYTES_MAX
