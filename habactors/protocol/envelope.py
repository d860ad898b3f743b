"""How does a message cross the network?

One frame: a version byte, then msgpack. Whatever is not exactly that raises `Malformed`, and
nothing else.
"""

import msgspec

from habactors.protocol.ballots import AnyBallot
from habactors.protocol.gossip import Gossip
from habactors.protocol.limits import ENVELOPE_BYTES_MAX, Address, MemberId, MemberIdOrNone, RingId
from habactors.protocol.probes import Probe
from habactors.protocol.rumors import AnyRumor

VERSION = 1

RingMessage = Probe | Gossip | AnyBallot


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A message and its sender: member id, and the address at which the sender listens.

    `ring` is the sender's ring, empty while it is in none yet; `target` the member that is meant,
    empty for whoever lives at the address.
    """

    source: MemberId
    address: Address
    message: RingMessage
    ring: RingId = ""
    target: MemberIdOrNone = ""


class Malformed(Exception):
    """Bytes that are no envelope; `reason` is one of `oversized`, `version`, `garbled`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)
_rumors: msgspec.msgpack.Decoder[AnyRumor] = msgspec.msgpack.Decoder(AnyRumor)


def seal(envelope: Envelope) -> bytes:
    """The envelope's bytes; an envelope over the limit is our own bug."""
    sealed = bytes((VERSION,)) + _encoder.encode(envelope)
    assert len(sealed) <= ENVELOPE_BYTES_MAX, "an envelope outgrew its limit"
    return sealed


def unseal(frame: bytes) -> Envelope:
    """The envelope in a frame.

    Raises:
        Malformed: the frame is too long, of another version, or not an envelope.
    """
    if len(frame) > ENVELOPE_BYTES_MAX:
        raise Malformed("oversized")
    if frame[:1] != bytes((VERSION,)):
        raise Malformed("version")
    try:
        return _decoder.decode(memoryview(frame)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("garbled") from error


def flaw(rumor: AnyRumor) -> str:
    """The limit that a rumor of our own making breaks, in words; empty when the ring takes it.

    One rumor over a limit would have every message that carries it refused, with all the others.
    """
    try:
        _rumors.decode(_encoder.encode(rumor))
    except (msgspec.DecodeError, UnicodeError, OverflowError) as error:
        return str(error)
    return ""
