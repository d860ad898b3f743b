"""What can be set, and what is it when nobody sets it? One struct per section of node.toml.

Relations between settings are checked when a struct is made, so that no other code has to. What
each setting means to the person who sets it is told in conf/node.toml; a test keeps both equal.
"""

from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from habactors.config.address import Address
from habactors.errors import ConfigError

SOCKET_PATH_BYTES_MAX = 107
"""The most that Linux takes as the path of a socket (108 with the closing zero)."""

LONGEST_SOCKET = "disseminator.sock"

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
LongSeconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Factor = Annotated[float, Meta(ge=1, le=1_000)]
Count = Annotated[int, Meta(ge=1, le=65_536)]
CountOrNone = Annotated[int, Meta(ge=0, le=65_536)]
FewOrNone = Annotated[int, Meta(ge=0, le=64)]
NodeName = Annotated[
    str,
    Meta(
        pattern=r"[a-z0-9][a-z0-9._-]{0,63}",
        description="at most 64 of a-z, 0-9, dot, dash and underscore, first a letter or digit",
    ),
]
Word = Annotated[
    str,
    Meta(
        pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        description="at most 64 letters, digits, dashes and underscores",
    ),
]
WordOrNone = Annotated[
    str,
    Meta(
        pattern=r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})?",
        description="at most 64 letters, digits, dashes and underscores",
    ),
]
Bind = Annotated[
    str,
    Meta(
        pattern=r"[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}(@[A-Za-z0-9_-]{1,64})?",
        description='"name:service.group"',
    ),
]


class NodeConfig(msgspec.Struct, frozen=True):
    """This host. The first three depend on it, so `load` works them out when they are empty."""

    name: NodeName
    data_dir: Path
    run_dir: Path
    organization: WordOrNone = ""

    def __post_init__(self) -> None:
        excess = len(bytes(self.run_dir / LONGEST_SOCKET)) - SOCKET_PATH_BYTES_MAX
        if excess > 0:
            raise ConfigError(
                f"run_dir {self.run_dir} makes socket paths of {SOCKET_PATH_BYTES_MAX + excess} "
                f"bytes, and {SOCKET_PATH_BYTES_MAX} is the most",
                f"set run_dir to a path that is {excess} bytes shorter",
            )


class WireConfig(msgspec.Struct, frozen=True):
    """The network. `advertise` is where other members connect to; `load` derives it."""

    listen: Address = Address("127.0.0.1", 9638)
    advertise: Address = Address("127.0.0.1", 9638)
    peers: tuple[Address, ...] = ()
    peers_file: Path | None = None
    permanent: bool = False
    ring_key: tuple[Path, ...] = ()
    open: bool = False
    links_max: Count = 64

    def __post_init__(self) -> None:
        if not (self.listen.is_loopback or self.ring_key or self.open):
            raise ConfigError(
                f"listen {self.listen} lets anybody on the network join the ring",
                "set open = true to allow it, in a network that you trust",
            )
        if self.advertise.is_wildcard:
            raise ConfigError(
                f"advertise {self.advertise} is no address to connect to",
                "set advertise to the address that other hosts reach this one by",
            )


class DetectorConfig(msgspec.Struct, frozen=True):
    """Failure detection."""

    period_seconds: Seconds = 1.0
    ping_timeout_seconds: Seconds = 0.5
    helpers: CountOrNone = 3
    watchers: FewOrNone = 3
    suspicion_min_periods: Seconds = 1.0
    suspicion_max_factor: Factor = 6.0
    suspicion_confirmations: CountOrNone = 2
    local_health_max: CountOrNone = 8

    def __post_init__(self) -> None:
        if self.ping_timeout_seconds >= self.period_seconds:
            raise ConfigError(
                f"ping_timeout_seconds {self.ping_timeout_seconds} leaves no time for helpers",
                f"set it below period_seconds, which is {self.period_seconds}",
            )


class DisseminatorConfig(msgspec.Struct, frozen=True):
    """Gossip and anti-entropy."""

    gossip_interval_seconds: Seconds = 0.2
    gossip_fanout: Count = 3
    sync_interval_seconds: Seconds = 10.0
    tombstone_seconds: LongSeconds = 86_400.0

    def __post_init__(self) -> None:
        if self.sync_interval_seconds < self.gossip_interval_seconds:
            raise ConfigError(
                f"sync_interval_seconds {self.sync_interval_seconds} is too short",
                f"set it to at least gossip_interval_seconds ({self.gossip_interval_seconds})",
            )


class CensusConfig(msgspec.Struct, frozen=True):
    """The fold over all rumors; nothing to set."""


class ElectionConfig(msgspec.Struct, frozen=True):
    """Leaders of service groups."""

    quorum_minimum: Count = 3
    lease_seconds: Seconds = 3.0


class ServiceLoad(msgspec.Struct, frozen=True):
    """One service to load at start: what `habactors svc load` takes, under the same names.

    `package` is an ident, or the absolute path of a folder. A bind is "name:service.group".
    Without `shutdown_timeout_seconds` the package decides.
    """

    package: str
    group: Word = "default"
    topology: Literal["standalone", "initializer", "leader"] = "standalone"
    binds: tuple[Bind, ...] = ()
    binding_mode: Literal["strict", "relaxed"] = "strict"
    update_strategy: Literal["none", "at-once", "rolling"] = "none"
    health_check_interval_seconds: Seconds = 30.0
    shutdown_timeout_seconds: Seconds | None = None

    def __post_init__(self) -> None:
        if not self.package:
            raise ConfigError("package is empty", "name the package or its folder")


class ServicesConfig(msgspec.Struct, frozen=True):
    """What runs here, and how a crash loop is slowed down."""

    packages: tuple[Path, ...] = (Path("conf/packages"),)
    load: tuple[ServiceLoad, ...] = ()
    backoff_min_seconds: Seconds = 1.0
    backoff_max_seconds: Seconds = 60.0

    def __post_init__(self) -> None:
        if self.backoff_min_seconds > self.backoff_max_seconds:
            raise ConfigError(
                f"backoff_min_seconds {self.backoff_min_seconds} is too long",
                f"set it to at most backoff_max_seconds, which is {self.backoff_max_seconds}",
            )


class SidecarConfig(msgspec.Struct, frozen=True):
    """HTTP; switched off when `listen` is None."""

    listen: Address | None = Address("127.0.0.1", 9631)
    token_file: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None

    def __post_init__(self) -> None:
        if self.listen and not self.listen.is_loopback and not self.token_file:
            raise ConfigError(
                f"listen {self.listen} lets anybody on the network read the ring",
                "set token_file to a file with a secret in it",
            )
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ConfigError(
                "tls_certificate and tls_key only work together", "set both or neither"
            )
        if self.tls_client_ca and not self.tls_certificate:
            raise ConfigError(
                "tls_client_ca needs TLS to be on", "set tls_certificate and tls_key too"
            )


class ControlConfig(msgspec.Struct, frozen=True):
    """Remote control over CURVE; off when `listen` is None. The local socket is always there."""

    listen: Address | None = None


class RootConfig(msgspec.Struct, frozen=True):
    """The parent of all actors: at most `intensity` restarts of one in `period_seconds`."""

    processes: Literal["separate", "one"] = "separate"
    intensity: CountOrNone = 5
    period_seconds: Seconds = 30.0


class LogConfig(msgspec.Struct, frozen=True):
    """What the node writes to its standard output."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All of node.toml; the attribute is the name of the section and of the actor."""

    node: NodeConfig
    wire: WireConfig = WireConfig()
    detector: DetectorConfig = DetectorConfig()
    disseminator: DisseminatorConfig = DisseminatorConfig()
    census: CensusConfig = CensusConfig()
    election: ElectionConfig = ElectionConfig()
    services: ServicesConfig = ServicesConfig()
    sidecar: SidecarConfig = SidecarConfig()
    control: ControlConfig = ControlConfig()
    root: RootConfig = RootConfig()
    log: LogConfig = LogConfig()

    def __post_init__(self) -> None:
        listening: dict[str, WireConfig | SidecarConfig | ControlConfig] = {
            "wire": self.wire,
            "sidecar": self.sidecar,
            "control": self.control,
        }
        for (one, a), (two, b) in combinations(listening.items(), 2):
            if a.listen and b.listen and _collide(a.listen, b.listen):
                raise ConfigError(
                    f"[{two}] listen {b.listen} is taken by [{one}] listen {a.listen}",
                    "give one of them another port",
                )


def _collide(a: Address, b: Address) -> bool:
    return a.port == b.port and (a.host == b.host or a.is_wildcard or b.is_wildcard)
