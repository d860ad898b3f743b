"""What does an imagined wire do?

It passes on what comes and goes. When it crashes, all links of its node fall; root keeps the
listening socket open meanwhile, so nobody is refused: what is sent to the node waits, as does what
its own actors send, until the next wire is there.
"""

from math import inf
from typing import TYPE_CHECKING, Any

from habactors.protocol.lifecycle import Peer
from habactors.roles.wiring import HEARERS
from habactors.simulator.network import Network

if TYPE_CHECKING:
    from habactors.simulator.host import Host


class Wire:
    """The wire of one host, between its actors and the network."""

    def __init__(self, host: "Host", network: Network) -> None:
        self._host = host
        self._network = network
        self._crashed = -inf
        self._returns = -inf
        network.attach(host.me.address, self.receive)

    def start(self) -> None:
        """The node starts, and its wire with it."""
        self._returns = -inf

    def crash(self, down_seconds: float) -> None:
        """Die, and be back after that time."""
        self._crashed = self._host.agenda.now
        self._returns = self._crashed + down_seconds
        self._network.links.end(self._host.me.address)

    def send(self, actor: str, peer: Peer, message: Any) -> None:
        """Put on the network what an actor of the host sends."""
        agenda = self._host.agenda
        if agenda.now < self._returns:
            agenda.at(self._returns, lambda _: self.send(actor, peer, message), None)
        else:
            self._network.carry(self._host.peer, actor, peer, message)

    def receive(self, letter: Any) -> None:
        """Bring a message or a fallen link to the actors that hear of it.

        What was under way over links that fell is lost.
        """
        host = self._host
        now = host.agenda.now
        if not host.up:
            return
        if now >= self._returns:
            for hearer in HEARERS["wire", type(letter)]:
                if hearer in host.actors:
                    host.actors[hearer].hear(letter)
        elif now > self._crashed + self._network.conditions.latency_seconds[1]:
            host.agenda.at(self._returns, self.receive, letter)
