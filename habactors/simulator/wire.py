"""What does an imagined wire do?

Its mind is the role of real wires; its hands are the imagined network. When it crashes, all links
of its node fall; root keeps the listening socket open meanwhile, so nobody is refused: what is
sent to the node waits, as does what its own actors send, until the next wire is there.
"""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

from habactors.protocol.hands import Drop, Heed, Transmit
from habactors.protocol.lifecycle import Peer, Start
from habactors.protocol.transport import Send
from habactors.roles import wire as roles
from habactors.roles.wiring import HEARERS
from habactors.simulator.links import Presence
from habactors.simulator.network import Network

if TYPE_CHECKING:
    from habactors.simulator.host import Host


class Wire:
    """The wire of one host, between its actors and the network."""

    def __init__(self, host: "Host", network: Network) -> None:
        self.role = roles.Wire(host.me)
        self._host = host
        self._network = network
        self._crashed = -inf
        self._returns = -inf
        self._waiting: list[Callable[[], None]] | None = None
        network.attach(host.me.address, self.receive)

    def start(self, _: object = None) -> None:
        """Begin to live, with the node or after a crash."""
        self._returns = -inf
        self._waiting = None
        self.role = roles.Wire(self._host.me)
        self.hear(Start())

    def crash(self, down_seconds: float) -> None:
        """Die, and be back after that time."""
        agenda = self._host.agenda
        self._crashed = agenda.now
        self._returns = returns = self._crashed + down_seconds
        self._network.links.end(self._host.me.address)

        def come_back(_: object) -> None:
            if self._returns == returns and self._host.up:
                self.start()

        agenda.at(returns, come_back, None)

    def pause(self) -> None:
        """Let everything wait; the machine still acknowledges what comes."""
        self._waiting = self._waiting or []
        self._network.links.set_presence(self._host.me.address, Presence.STOPPED)

    def attend(self) -> None:
        """Go on with what waited."""
        waiting, self._waiting = self._waiting or [], None
        if self._host.up and not self._host.paused:
            self._network.links.set_presence(self._host.me.address, Presence.NODE)
        for act in waiting:
            act()

    def send(self, actor: str, peer: Peer, message: Any) -> None:
        """Put on the network what an actor of the host sends."""
        agenda = self._host.agenda
        if agenda.now < self._returns:
            agenda.at(self._returns, lambda _: self.send(actor, peer, message), None)
        elif self._waiting is not None:
            self._waiting.append(lambda: self.send(actor, peer, message))
        else:
            self._hear(Send(peer, message), actor)

    def receive(self, letter: Any) -> None:
        """Take in a message or the fall of a link.

        What was under way over links that fell with the wire is lost; what was sent since waits
        for a fresh link.
        """
        now = self._host.agenda.now
        conditions = self._network.conditions
        if now >= self._returns:
            self.hear(letter)
        elif now > self._crashed + conditions.latency_seconds[1]:
            self._host.agenda.at(self._returns + conditions.latency(), self.hear, letter)

    def hear(self, letter: Any) -> None:
        """Hear a letter of the actors of the host, or what comes off the network."""
        agenda = self._host.agenda
        if agenda.now < self._returns:
            agenda.at(self._returns, self.hear, letter)
        elif self._waiting is not None:
            self._waiting.append(lambda: self.hear(letter))
        elif self._host.up:
            self._hear(letter)

    def _hear(self, letter: Any, actor: str = "") -> None:
        """Sorting an arrival may make an actor send at once: by then the outbox must be empty."""
        host, out = self._host, self.role.out
        self.role.hear(letter, host.agenda.now)
        said, out.said = out.said, []
        for told in said:
            match told:
                case Transmit():
                    self._network.carry(host.peer, actor, told)
                case Heed(addresses):
                    self._network.links.watch(host.me.address, addresses)
                case Drop():
                    pass
                case _:
                    for hearer in HEARERS["wire", type(told)]:
                        if hearer in host.actors:
                            host.actors[hearer].hear(told)
