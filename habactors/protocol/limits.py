"""How long may anything be, and of what?

Everything that arrives from outside is checked against one of these types while it is decoded.
Sizes are bytes, those of text characters. Text is shown in terminals and logs, so it holds no
control characters; an address is one that a socket can be connected to, or at least asked to.
"""

from typing import Annotated

from msgspec import Meta

ENVELOPE_BYTES_MAX = 1_048_576
LETTER_BYTES_MAX = 64 * 1_048_576
CONFIG_BYTES_MAX = 65_536
EXPORTS_BYTES_MAX = 16_384
CHUNK_BYTES = 32_768
INTRODUCTIONS_MAX = 6
RUMORS_MAX = 4_096
TABLE_RUMORS_MAX = 60_000
TABLE_BYTES_MAX = 32 * 1_048_576
DEPARTURES_MAX = 10_000
OUTLINE_ENTRY_BYTES = 16
OUTLINE_BYTES_MAX = TABLE_RUMORS_MAX * OUTLINE_ENTRY_BYTES
WHOLE_MAX = 2**63 - 1
WHY_CHARACTERS_MAX = 500
EVIDENCE_MAX = 4
EVIDENCE_CHARACTERS_MAX = 200
WATCHED_MAX = 64

PLAIN = r"\A[^\x00-\x1f\x7f-\x9f]*\Z"
HOST_AND_PORT = r"\A([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z"

MemberId = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
MemberIdOrNone = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
Name = Annotated[str, Meta(max_length=128, pattern=PLAIN)]
Address = Annotated[str, Meta(max_length=280, pattern=HOST_AND_PORT)]
ServiceGroup = Annotated[str, Meta(min_length=3, max_length=256, pattern=PLAIN)]
Ident = Annotated[str, Meta(min_length=1, max_length=256, pattern=PLAIN)]
Topology = Annotated[str, Meta(max_length=16, pattern=PLAIN)]
Why = Annotated[str, Meta(max_length=WHY_CHARACTERS_MAX, pattern=PLAIN)]
Reason = Annotated[str, Meta(max_length=EVIDENCE_CHARACTERS_MAX, pattern=PLAIN)]
RingId = Annotated[str, Meta(max_length=32, pattern=PLAIN)]
Whole = Annotated[int, Meta(ge=0, le=WHOLE_MAX)]
ConfigBody = Annotated[bytes, Meta(max_length=CONFIG_BYTES_MAX)]
Exports = Annotated[bytes, Meta(max_length=EXPORTS_BYTES_MAX)]
OutlineBytes = Annotated[bytes, Meta(max_length=OUTLINE_BYTES_MAX)]
