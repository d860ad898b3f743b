"""How is HTTP kept private? Imported only by a sidecar that is told to."""

import contextlib
import socket
import ssl

from habactors.config import SidecarConfig

WAITING = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


def tls_context(settings: SidecarConfig) -> ssl.SSLContext:
    """What the files of the sidecar amount to.

    Raises:
        OSError: one of them cannot be read or understood.
    """
    assert settings.tls_certificate, "who asks for TLS has a certificate"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Without a password OpenSSL would ask for that of an encrypted key on the terminal.
    context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    if settings.tls_client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(settings.tls_client_ca)
    return context


class TlsLine:
    """A socket with TLS that says like any other when one has to wait."""

    def __init__(self, end: socket.socket, context: ssl.SSLContext) -> None:
        self._end = context.wrap_socket(end, server_side=True, do_handshake_on_connect=False)

    def fileno(self) -> int:
        return self._end.fileno()

    def recv(self, size: int, /) -> bytes:
        """The handshake is part of the first."""
        try:
            return self._end.recv(size)
        except WAITING:
            raise BlockingIOError from None

    def send(self, chunk: bytes, /) -> int:
        try:
            return self._end.send(chunk)
        except WAITING:
            raise BlockingIOError from None

    def shutdown(self, how: int, /) -> None:
        """Say that this is the end; whether the client does too is not awaited."""
        with contextlib.suppress(OSError, ValueError):
            self._end.unwrap()
        self._end.shutdown(how)

    def close(self) -> None:
        self._end.close()
