"""What does a setting mean when it is left empty and depends on the host?

These are filled into the document, as if somebody had written them, before it is converted.
"""

import os
import re
import socket
from pathlib import Path
from typing import Any

from habactors.config.address import Address
from habactors.config.structs import ServicesConfig, WireConfig
from habactors.errors import ConfigError

ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses kept for documentation: never reached, but routed like the rest of the world."""

WIRE_PORT = 9638
LISTEN = WireConfig().listen
NAME_MAX = 64


def fill_in(document: dict[str, Any], base: Path) -> None:
    """Put this host's name, folders and address where they are empty, in sections that are tables.

    Values of a wrong type are left alone, for whoever converts them to complain about. Folders of
    packages are made absolute here, because an ident must not be.
    """
    node = document.setdefault("node", {})
    node["name"] = node.get("name") or host_name()
    node["data_dir"] = node.get("data_dir") or str(_data_dir(str(node["name"])))
    node["run_dir"] = node.get("run_dir") or str(_run_dir(str(node["name"])))
    wire = document.setdefault("wire", {})
    wire["advertise"] = wire.get("advertise") or _advertise(wire.get("listen"))
    services = document.setdefault("services", {})
    services.setdefault("packages", list(map(str, ServicesConfig().packages)))
    wanted = services.get("load")
    for service in wanted if isinstance(wanted, list) else ():
        if isinstance(service, dict) and _is_folder(service.get("package")):
            service["package"] = str(base / Path(service["package"]).expanduser())


def host_name() -> str:
    """This host's name in the characters that a node's name may have."""
    name = re.sub(r"[^a-z0-9._-]", "-", socket.gethostname().lower())
    return name.lstrip("._-")[:NAME_MAX] or "node"


def _data_dir(name: str) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/habactors", name)
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state, "habactors", name)


def _run_dir(name: str) -> Path:
    if os.geteuid() == 0:
        return Path("/run/habactors", name)
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime, "habactors", name)
    return Path(f"/tmp/habactors-{os.geteuid()}", name)  # noqa: S108 - the node checks whose it is


def _advertise(listen: object) -> str:
    try:
        address = Address.parse(listen, WIRE_PORT) if isinstance(listen, str) else LISTEN
    except ConfigError:
        address = LISTEN
    if address.is_wildcard:
        address = Address(_own_host(":" in address.host), address.port)
    return str(address)


def _own_host(ipv6: bool) -> str:
    """The address by which this host reaches the world, or else the one its name stands for.

    Connecting a datagram socket sends nothing; it only asks the kernel for the route.
    """
    family = socket.AF_INET6 if ipv6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:
        pass
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, family, socket.SOCK_DGRAM)
        hosts = [Address(str(place[0]), WIRE_PORT) for *_, place in found]
    except OSError:
        hosts = []
    for address in hosts:
        if not address.is_loopback:
            return address.host
    raise ConfigError(
        "[wire] listens everywhere, and no address of this host leads to others",
        "set [wire] advertise to the one that they reach it by",
    )


def _is_folder(package: object) -> bool:
    return isinstance(package, str) and package.startswith(("/", "./", "../", "~/"))
