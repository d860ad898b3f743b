"""One role alone on a stage, in virtual time: it hears, and what comes out is taken and looked at.

The stage asks of everything that comes out what the drivers ask: said is only what the wiring
lists, letters and ring messages survive their codecs, and nobody wants to be woken in the past.
"""

from habactors.config import DetectorConfig, DisseminatorConfig
from habactors.protocol.envelope import Envelope, seal, unseal
from habactors.protocol.health import Health
from habactors.protocol.letters import AnyLetter, read, write
from habactors.protocol.lifecycle import Identity, Peer, Start, Wake
from habactors.protocol.news import Known
from habactors.protocol.rumors import Evidence, Membership
from habactors.protocol.transport import Send
from habactors.roles.wiring import HEARERS, SENT

NOW = 1_000.0
WAKES_MAX = 10_000

DETECTION = DetectorConfig(period_seconds=1.0, ping_timeout_seconds=0.5, helpers=3)
DISSEMINATION = DisseminatorConfig(
    gossip_interval_seconds=0.2, gossip_fanout=3, sync_interval_seconds=10.0
)

ADA = Identity("ada", "ada", "ada:9638")
"""The member on the stage."""


def member(name, incarnation=1, health=Health.ALIVE, permanent=False, by=(), **evidence):
    """A member of the ring, by name, and by whose `evidence`, when it is not alive."""
    accusers = (by,) if isinstance(by, str) else by
    found = tuple(evidence_of(accuser, **evidence) for accuser in accusers)
    return Membership(name, name, f"{name}:9638", incarnation, int(health), permanent, found)


def evidence_of(accuser, at=int(NOW), refused=False, why="no answer"):
    """What one member holds against another."""
    return Evidence(accuser, at, refused, why)


def peer(name, route=b""):
    """That member as the wire knows it."""
    return Peer(name, f"{name}:9638", route)


def known(*rumors, since=NOW):
    return tuple(Known(rumor, since) for rumor in rumors)


class Stage:
    """Holds a role and the time. `said`, `sent` and `kept` wait to be taken; `records` survive.

    What is said of the kinds in `ignoring` is checked like all else, but does not wait.
    """

    def __init__(self, role, now=NOW, ignoring=()):
        self.role = role
        self.ignoring = ignoring
        self.now = now
        self.said = []
        self.sent = []
        self.kept = []
        self.records = {}
        self.wakes = 0

    def start(self, *, damaged=False):
        return self.hear(Start(dict(self.records), damaged))

    def restart(self, role):
        """The role is gone; another one begins with what it kept."""
        self.role = role
        self.said, self.sent, self.kept = [], [], []
        return self.start()

    def hear(self, *messages):
        for message in messages:
            self.role.hear(message, self.now)
            self._empty(self.role.out)
        return self

    def wake(self):
        """Let the role be woken at the one moment for which it asked."""
        self.now = self.role.out.wake
        self.wakes += 1
        return self.hear(Wake())

    def wait(self, seconds):
        """Let time pass and the role be woken whenever it asked to be."""
        end = self.now + seconds
        for _ in range(WAKES_MAX):
            wake = self.role.out.wake
            if wake is None or wake > end:
                break
            self.wake()
        else:
            raise AssertionError(f"woken {WAKES_MAX} times in {seconds} s")
        self.now = end
        return self

    def wake_late(self, seconds):
        """Let time pass without waking the role: its process stood still."""
        self.now += seconds
        return self.hear(Wake())

    def take_all(self, kind):
        """All that came out of that kind, in order: letters, or pairs of peer and message."""
        said = [message for message in self.said if isinstance(message, kind)]
        sent = [pair for pair in self.sent if isinstance(pair[1], kind)]
        self.said = [message for message in self.said if not isinstance(message, kind)]
        self.sent = [pair for pair in self.sent if not isinstance(pair[1], kind)]
        return said + sent

    def take(self, kind):
        """The only one of that kind."""
        taken = self.take_all(kind)
        assert len(taken) == 1, f"expected one {kind.__name__}, not {taken}"
        return taken[0]

    def drop(self):
        """Whatever came out so far is of no concern."""
        self.said, self.sent, self.kept = [], [], []
        return self

    def expect_nothing(self):
        """All that came out has been taken."""
        assert (self.said, self.sent) == ([], [])

    def _empty(self, out):
        for message in out.said:
            self._check_said(message)
        for sent in out.sent:
            self._check_sent(*sent)
        assert out.wake is None or out.wake > self.now, "a deadline that is past"
        for record in out.kept:
            if record.value is None:
                self.records.pop(record.key, None)
            else:
                self.records[record.key] = record.value
        self.said += [message for message in out.said if not isinstance(message, self.ignoring)]
        self.sent += out.sent
        self.kept += out.kept
        out.said, out.sent, out.kept = [], [], []

    def _check_said(self, message):
        assert (self.role.NAME, type(message)) in HEARERS, f"{message} is not in the wiring"
        if isinstance(message, AnyLetter):
            assert read(write(message)) == message

    def _check_sent(self, receiver, message):
        assert SENT[type(message)][0] == self.role.NAME, f"{message} is another actor's"
        envelope = Envelope(self.role.me.id, self.role.me.address, message)
        assert unseal(seal(envelope)) == envelope
        assert read(write(Send(receiver, message))) == Send(receiver, message)
