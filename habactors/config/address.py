"""Where does something listen? A host and a port, written "host:port"."""

import re
from ipaddress import ip_address

import msgspec

from habactors.errors import ConfigError

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?")
PORT = re.compile(r"[0-9]{1,5}")
PORT_MAX = 65_535


class Address(msgspec.Struct, frozen=True, order=True):
    """A host (name, IPv4 or IPv6 without brackets) and a tcp port; `str()` parses back."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, default_port: int | None = None) -> "Address":
        """Read "host", "host:port", "[v6]" or "[v6]:port"; ConfigError says what is odd."""
        if text.startswith("["):
            host, bracket, rest = text[1:].partition("]")
            if not bracket or not _is_ipv6(host) or (rest and not rest.startswith(":")):
                raise ConfigError(
                    f'"{text}" is not an address', "write IPv6 as [2001:db8::1]:9638"
                )
            port = rest[1:] if rest else None
        else:
            host, colon, rest = text.partition(":")
            port = rest if colon else None
            if ":" in rest:
                raise ConfigError(
                    f'"{text}" has too many colons',
                    "write IPv6 in brackets, as [2001:db8::1]:9638",
                )
            if not HOST.fullmatch(host):
                raise ConfigError(f'"{text}" names no host', "write host:port")
        return cls(host, _port(text, port, default_port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this host can connect; a name other than localhost counts as open."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.rstrip(".").lower() == "localhost"

    @property
    def is_wildcard(self) -> bool:
        """Whether it means every interface of the host, which nobody can connect to by name."""
        try:
            return ip_address(self.host).is_unspecified
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False


def _port(text: str, port: str | None, default: int | None) -> int:
    if port is None and default is not None:
        return default
    if port is None:
        raise ConfigError(f'"{text}" has no port', f"write {text}:PORT")
    if not PORT.fullmatch(port) or not 0 < int(port) <= PORT_MAX:
        raise ConfigError(f'"{text}" has no valid port', f"use one from 1 to {PORT_MAX}")
    return int(port)
