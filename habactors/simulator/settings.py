"""What is a scenario's ring like before anything happens?"""

from dataclasses import dataclass

from habactors.simulator.conditions import LATENCY_SECONDS
from habactors.simulator.phrases import Phrasebook

SETTINGS = Phrasebook()


@dataclass
class Settings:
    """Names of hosts, seconds, and how much the transcript tells."""

    latency_seconds: tuple[float, float] = LATENCY_SECONDS
    loss: float = 0.0
    peers: tuple[str, ...] = ("m0",)
    permanent: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    apart_seconds: float = 0.0
    detail: str = "normal"


@SETTINGS.phrase("latency {seconds} to {more_seconds}")
def latency(settings: Settings, seconds: float, more_seconds: float) -> None:
    """Messages take between so long and so long."""
    settings.latency_seconds = (seconds, more_seconds)


@SETTINGS.phrase("loss {share}")
def loss(settings: Settings, share: float) -> None:
    """This share of all messages is lost."""
    settings.loss = share


@SETTINGS.phrase("peers {names}")
def peers(settings: Settings, names: list[str]) -> None:
    """Every host is configured to greet these, instead of m0."""
    settings.peers = tuple(names)


@SETTINGS.phrase("permanent {names}")
def permanent(settings: Settings, names: list[str]) -> None:
    """These are permanent members."""
    settings.permanent = tuple(names)


@SETTINGS.phrase("without {names}")
def without(settings: Settings, names: list[str]) -> None:
    """These hosts start later, by `start NAME`."""
    settings.absent = tuple(names)


@SETTINGS.phrase("started {seconds} apart")
def apart(settings: Settings, seconds: float) -> None:
    """The hosts start one after the other, not all at once."""
    settings.apart_seconds = seconds


@SETTINGS.phrase("quiet")
def quiet(settings: Settings) -> None:
    """The transcript tells only what changes in somebody's eyes, until a step says otherwise."""
    settings.detail = "quiet"


@SETTINGS.phrase("verbose")
def verbose(settings: Settings) -> None:
    """The transcript tells every message, until a step says otherwise."""
    settings.detail = "verbose"
