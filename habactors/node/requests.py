"""What did a client of control write?

One msgpack map a message, `{"id": 7, "command": "members", "args": {}}`, and answers of the same
kind. Whatever else comes raises `Malformed`, and nothing else.
"""

from typing import Any, NamedTuple

import msgpack
import msgspec

from habactors.protocol.hands import Reply

REQUEST_BYTES_MAX = 1_048_576
ID_CHARACTERS_MAX = 128
WANTED = 'send one map such as {"id": 7, "command": "members", "args": {}}'


class Request(NamedTuple):
    """A client's own id for its request, the command, and its arguments."""

    id: int | str
    command: str
    args: dict[str, Any]


class Malformed(Exception):
    """Bytes that are no request; `id` is the client's id for it, where that could be read."""

    def __init__(self, reason: str, id: int | str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.id = id


def read_request(written: bytes) -> Request:
    """The request behind the bytes.

    Raises:
        Malformed: they are too many, not msgpack, or no request.
    """
    if len(written) > REQUEST_BYTES_MAX:
        raise Malformed(f"it has more than {REQUEST_BYTES_MAX:,} bytes")
    try:
        fields = msgpack.unpackb(written, max_ext_len=0, strict_map_key=True)
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise Malformed(f"it is not msgpack of maps, lists, texts and numbers ({error})") from None
    if not isinstance(fields, dict):
        raise Malformed("it is no map")
    request_id = _id(fields.get("id"))
    command, args = fields.get("command"), fields.get("args", {})
    if not isinstance(command, str):
        raise Malformed("its command is missing or no text", request_id)
    if not isinstance(args, dict) or not all(isinstance(name, str) for name in args):
        raise Malformed("its args are no map from texts", request_id)
    return Request(request_id, command, args)


def _id(found: Any) -> int | str:
    if isinstance(found, int) or (isinstance(found, str) and len(found) <= ID_CHARACTERS_MAX):
        return found
    raise Malformed("its id is missing, or neither a number nor a short text")


def write_answer(reply: Reply, body: Any) -> bytes:
    """An answer, or a piece of a stream, as the client reads it."""
    answer = {"id": reply.id, "ok": reply.ok, "result" if reply.ok else "error": body}
    if reply.more:
        answer["more"] = True
    return msgspec.msgpack.encode(answer)
