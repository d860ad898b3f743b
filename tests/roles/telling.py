"""A disseminator on a stage, and those who speak to it."""

from random import Random

from habactors.protocol.gossip import Rumors
from habactors.protocol.hands import FindPeers
from habactors.protocol.heat import SENDS_FLOOR
from habactors.protocol.lifecycle import Identity
from habactors.protocol.news import Accusation, Doubted, News
from habactors.protocol.table import Table
from habactors.protocol.transport import Gossiped, RingIs
from habactors.roles.disseminator import Disseminator
from tests.roles.stage import ADA, DISSEMINATION, Stage, peer

INTERVAL = DISSEMINATION.gossip_interval_seconds
SYNC = DISSEMINATION.sync_interval_seconds
GROUP = "redis.prod"


def identity(name):
    return Identity(name, name, f"{name}:9638")


def disseminator(peers=(), seed=1, me=ADA, settings=DISSEMINATION):
    return Disseminator(me, settings, peers, Random(seed))


def start(peers=(), seed=1, me=ADA, settings=DISSEMINATION, ignoring=(FindPeers, RingIs)):
    """Ada's disseminator at its start; what it says as ever waits for nobody."""
    return Stage(disseminator(peers, seed, me, settings), ignoring=ignoring).start()


def ring_of(*rumors, **options):
    """Ada's disseminator, once it has learned these rumors and all is told."""
    stage = start(**options)
    stage.hear(told(*rumors, hot=False))
    return settle(stage)


def told(*rumors, by="bob", hot=True):
    return Gossiped(peer(by), Rumors(tuple(rumors), hot))


def own(stage):
    return stage.role.table.membership(stage.role.me.id)


def table_of(*rumors):
    table = Table()
    for rumor in rumors:
        table.merge(rumor)
    return table


def content(stage):
    return {rumor.key: rumor for rumor in stage.role.table}


def news_of(stage):
    """What the news tells, without its numbers."""
    return tuple(item.rumor for item in stage.take(News).known)


def rumors_to(stage, name):
    return [
        rumor
        for receiver, message in stage.take_all(Rumors)
        if receiver.id == name
        for rumor in message.rumors
    ]


def settle(stage):
    """Let the rounds end; what they told is of no concern."""
    return stage.wait(2 * SENDS_FLOOR * INTERVAL).drop()


def find_dead(stage):
    """The detector finds that every doubt was right."""
    for doubt in stage.take_all(Doubted):
        rumor = doubt.rumor
        stage.hear(Accusation(rumor.id, rumor.incarnation, rumor.level, "no answer"))
    return stage


def correspond(stages, rounds=8):
    """Carry what each of these members sends to whichever of the others it is for."""
    for _ in range(rounds):
        for sender in stages.values():
            sent, sender.sent = sender.sent, []
            me = sender.role.me
            for receiver, message in sent:
                homes = [
                    at
                    for name, at in stages.items()
                    if receiver.id == name
                    or (not receiver.id and receiver.address == at.role.me.address)
                ]
                for at in homes:
                    at.hear(Gossiped(peer(me.id), message))
