"""What crosses the network unharmed, and what is refused?"""

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from habactors.protocol.envelope import VERSION, Envelope, Malformed, RingMessage, seal, unseal
from habactors.protocol.gossip import Digest, Hello, Outline, Rumors
from habactors.protocol.limits import (
    CHUNK_BYTES,
    CONFIG_BYTES_MAX,
    ENVELOPE_BYTES_MAX,
    OUTLINE_BYTES_MAX,
)
from habactors.protocol.probes import Ping
from habactors.protocol.rumors import Config, Membership
from habactors.protocol.table import chunks
from tests import strategies

REASONS = ("", "oversized", "version", "garbled")

bob = Membership("bob", "bob", "bob:9638", 1)


def refusal(frame):
    """Why a frame is refused; empty when it is an envelope. Whatever else is raised gets out."""
    try:
        unseal(frame)
    except Malformed as malformed:
        return malformed.reason
    return ""


def frame_of(*parts):
    """A frame of this version that holds an array of these parts, whatever they are."""
    return bytes((VERSION,)) + msgpack.packb(parts)


@pytest.mark.parametrize("kind", RingMessage.__args__, ids=lambda kind: kind.__name__)
@given(st.data())
def test_every_ring_message_crosses_the_network_unharmed(kind, data):
    message = data.draw(strategies.valid(kind))
    envelope = Envelope("ada", "ada:9638", message)
    crossed = unseal(seal(envelope))
    assert crossed == envelope
    assert type(crossed.message) is kind


@given(strategies.envelopes)
def test_every_sender_crosses_the_network_unharmed(envelope):
    assert unseal(seal(envelope)) == envelope


@given(strategies.envelopes)
def test_what_is_read_from_a_shared_buffer_stays_when_the_buffer_changes(envelope):
    buffer = bytearray(seal(envelope))
    crossed = unseal(bytes(buffer))
    buffer[:] = bytes(len(buffer))
    assert crossed == envelope


@given(st.binary(max_size=200))
@example(b"")
@example(bytes((VERSION,)))
def test_arbitrary_bytes_are_refused_or_an_envelope(noise):
    assert refusal(noise) in REASONS
    assert refusal(bytes((VERSION,)) + noise) in REASONS


@given(strategies.envelopes, st.data())
def test_a_frame_with_a_flipped_bit_is_refused_or_another_envelope(envelope, data):
    frame = bytearray(seal(envelope))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    assert refusal(bytes(frame)) in (("version",) if bit < 8 else ("", "garbled"))


@given(strategies.envelopes, st.data())
def test_a_cut_frame_is_refused(envelope, data):
    frame = seal(envelope)
    length = data.draw(st.integers(0, len(frame) - 1))
    assert refusal(frame[:length]) == ("garbled" if length else "version")


@given(strategies.envelopes, st.binary(min_size=1, max_size=50))
def test_a_frame_that_goes_on_after_its_end_is_refused(envelope, excess):
    assert refusal(seal(envelope) + excess) == "garbled"


@given(strategies.envelopes, st.integers(0, 255).filter(lambda version: version != VERSION))
def test_another_version_is_refused_as_such(envelope, version):
    assert refusal(bytes((version,)) + seal(envelope)[1:]) == "version"


def test_a_frame_over_the_limit_is_refused_before_it_is_read():
    assert refusal(bytes((VERSION,)) * (ENVELOPE_BYTES_MAX + 1)) == "oversized"
    assert refusal(bytes((VERSION,)) * ENVELOPE_BYTES_MAX) == "garbled"


@pytest.mark.parametrize(
    "nest",
    [b"\x91" * 300_000, b"\x81\x01" * 300_000, b"\xdc\x00\x01" * 300_000],
    ids=["arrays", "maps", "long arrays"],
)
def test_a_deep_nest_is_refused_wherever_it_lies(nest):
    outside = bytes((VERSION,)) + nest
    beside = bytes((VERSION,)) + b"\x94\xa1a\xa3b:1\x92\x17\x01" + nest
    inside = bytes((VERSION,)) + b"\x93\xa1a\xa3b:1\x93\x17\x01" + nest
    rumor = bytes((VERSION,)) + b"\x93\xa1a\xa3b:1\x93\x16\x91" + nest
    assert [refusal(frame) for frame in (outside, beside, inside, rumor)] == ["garbled"] * 4


@pytest.mark.parametrize("header", [b"\xdd", b"\xdf", b"\xc6", b"\xdb"])
def test_a_length_that_is_not_there_costs_no_memory(header):
    huge = header + b"\xff\xff\xff\xff"
    rumors = bytes((VERSION,)) + b"\x93\xa1a\xa3b:1\x92\x16" + huge
    pinged = bytes((VERSION,)) + b"\x93\xa1a\xa3b:1\x94\x0b\x01\xa1b" + huge
    beside = bytes((VERSION,)) + b"\x94\xa1a\xa3b:1\x92\x17\x01" + huge
    assert [refusal(frame) for frame in (rumors, pinged, beside)] == ["garbled"] * 3


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("ada", "ada:1"),
        ("ada", "ada:1", None),
        ("ada", "ada:1", [99, 1]),
        ("ada", "ada:1", [23, -1]),
        ("ada", "ada:1", [23, 1.5]),
        ("ada", "ada:1", [23, "1"]),
        (b"ada", "ada:1", [23, 1]),
        ("", "ada:1", [23, 1]),
        ("ada", "ada:1", {"checksum": 1}),
        ("ada", "ada:1", [22, [[1, "bob", "bob", "bob:1", 1, 4]]]),
        ("ada", "ada:1", [22, [[99, "bob"]]]),
    ],
)
def test_what_has_another_shape_is_refused(parts):
    assert refusal(frame_of(*parts)) == "garbled"


def test_a_text_that_is_no_unicode_is_refused():
    assert refusal(bytes((VERSION,)) + b"\x93\xa3\xed\xa0\x80\xa3b:1\x92\x17\x01") == "garbled"


def test_fields_that_a_later_minor_version_adds_are_passed_over():
    assert unseal(frame_of("ada", "ada:1", [23, 7, "more"], "more")).message == Digest(7)


@given(strategies.valid(Membership))
def test_the_largest_messages_that_we_make_cross_the_network(member):
    large = [Config(f"redis.{n}", 1, bytes(CONFIG_BYTES_MAX), "ada") for n in range(3)]
    for run in chunks([member, *large], CHUNK_BYTES):
        envelope = Envelope("ada", "ada:9638", Rumors((member, *run)))
        assert unseal(seal(envelope)) == envelope


def test_the_largest_outline_crosses_the_network():
    envelope = Envelope("ada", "ada:9638", Outline(bytes(OUTLINE_BYTES_MAX)))
    assert unseal(seal(envelope)) == envelope


def test_an_envelope_that_outgrew_its_limit_is_our_own_bug():
    with pytest.raises(AssertionError, match="outgrew"):
        seal(Envelope("ada", "ada:9638", Outline(bytes(ENVELOPE_BYTES_MAX))))


def test_a_ping_is_small():
    assert len(seal(Envelope("ada", "ada:9638", Ping(7, "bob")))) < 30
    assert len(seal(Envelope("ada", "ada:9638", Hello(bob, 2**64 - 1)))) < 60
