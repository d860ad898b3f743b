"""What is asked and answered? A request as it was read, and an answer before it is written."""

from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote

import h11


class Request(NamedTuple):
    """What the answer may depend on: no body does.

    The path is without escapes and query; names of headers are in lower case; `head_bytes` is
    about the size of all of it.
    """

    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    head_bytes: int

    @staticmethod
    def of(read: h11.Request) -> "Request":
        """The request that h11 has read."""
        headers = list(read.headers)
        size = len(read.target) + sum(len(name) + len(value) for name, value in headers)
        path = unquote(read.target.partition(b"?")[0].decode("ascii"))
        return Request(read.method.decode("ascii"), path, headers, size)


class Answer(NamedTuple):
    """A status code, a body, and the headers that are this answer's own."""

    code: int = HTTPStatus.OK
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(media_type: str, body: bytes, code: int = HTTPStatus.OK) -> "Answer":
        """An answer with a body."""
        return Answer(code, body, (("content-type", media_type),))
