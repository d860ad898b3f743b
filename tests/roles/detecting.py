"""A detector on a stage, and those who speak to it: the newsroom of its node, other members."""

from random import Random

from habactors.config import DetectorConfig
from habactors.protocol.commands import LocalHealth
from habactors.protocol.health import Health
from habactors.protocol.news import Accusation, CatchUp, News, Snapshot
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.transport import Probed, Watch
from habactors.roles.detector import Detector
from habactors.roles.suspicions import Patience
from tests.roles.stage import ADA, DETECTION, Stage, known, member

PERIOD = DETECTION.period_seconds
TIMEOUT = DETECTION.ping_timeout_seconds
EPOCH = 7

STEADY = DetectorConfig(local_health_max=0)
"""No local health: periods and timeouts stay as they are, whatever goes wrong."""


def detector(me=ADA, settings=DETECTION, seed=1):
    return Detector(me, settings, Random(seed))


def ring_of(*members, settings=DETECTION, seed=1, ignoring=(Watch, LocalHealth)):
    """Ada's detector, once it knows these members."""
    stage = Stage(detector(settings=settings, seed=seed), ignoring=ignoring).start()
    stage.take(CatchUp)
    own = member("ada")
    return stage.hear(Snapshot(EPOCH, 0, known(own, *members)))


def names(count):
    return [f"m{number:02}" for number in range(count)]


class Newsroom:
    """Tells a stage what changed, without gaps."""

    def __init__(self, stage):
        self.stage = stage
        self.version = 0

    def tell(self, *rumors, since=None, gone=()):
        self.version += 1
        since = self.stage.now if since is None else since
        self.stage.hear(News(EPOCH, self.version, known(*rumors, since=since), gone))


def next_ping(stage):
    """Wait for the next turn: whom the ping went to, and the ping."""
    for _ in range(100):
        pings = stage.take_all(Ping)
        if pings:
            (ping,) = pings
            return ping
        stage.wake()
    raise AssertionError("nobody was pinged")


def answer(stage, receiver, ping, *introductions):
    stage.hear(Probed(receiver, Ack(ping.sequence, ping.target, introductions)))


def answer_all(stage, *absent):
    """All who were pinged or asked for help and are not absent answer at once."""
    for receiver, ping in stage.take_all(Ping):
        if ping.target not in absent:
            answer(stage, receiver, ping)
    for helper, request in stage.take_all(PingRequest):
        if helper.id not in absent:
            reply = Nack if request.target in absent else Ack
            stage.hear(Probed(helper, reply(request.sequence, request.target)))


def accusations(stage, level, name=None):
    """Those that came out; all other ones are dropped."""
    return [
        found
        for found in stage.take_all(Accusation)
        if found.level == level and name in (None, found.member_id)
    ]


def confirmed(stage):
    return accusations(stage, Health.CONFIRMED)


def suspect(name, incarnation=1, by="eve", **evidence):
    return member(name, incarnation, Health.SUSPECT, by=by, **evidence)


def alone_seconds(members, settings=DETECTION):
    """How long a suspicion of a single accuser lasts in a ring of so many members."""
    return Patience(settings, members - 2).seconds(suspect("bob"))
