"""What is an imagined host?

Its actors, what they have kept, and what can befall it: the node is killed or the machine loses
power, the node comes back, one actor crashes and is restarted, or all of it stands still.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from habactors.protocol import letters
from habactors.protocol.lifecycle import Identity, Peer
from habactors.roles.role import Outbox, Role
from habactors.roles.wiring import HEARERS
from habactors.simulator.actor import Actor
from habactors.simulator.agenda import Agenda
from habactors.simulator.cast import Cast, Seat
from habactors.simulator.clock import Clock
from habactors.simulator.links import Presence
from habactors.simulator.network import Network, Unwired
from habactors.simulator.store import Store
from habactors.simulator.wire import Wire

LETTER_SECONDS = 0.0001
"""From one actor to another of a host; a constant, so letters between two keep their order."""

HANDS = ".hands"

ROUTE = b"back"
"""Marks who spoke over a link: the answer goes back over the same one while it stands."""

Watcher = Callable[["Host", str, Outbox], None]
"""Sees each outbox, with the name of its actor, before it is emptied."""


class Host:
    """One imagined node, down until it is started."""

    def __init__(
        self,
        me: Identity,
        peers: tuple[str, ...],
        *,
        cast: Cast,
        seed: int,
        agenda: Agenda,
        network: Network,
    ) -> None:
        self.me = me
        self.name = me.name
        self.peer = Peer(me.id, me.address, ROUTE)
        self.peers = peers
        self.agenda = agenda
        self.up = False
        self.paused = False
        self.buried = False
        self.leaving = False
        self.stalls = 0
        self.clock: Clock | None = None
        self.powers_lost = 0
        self.since = agenda.now
        self.actors: dict[str, Actor] = {}
        self.watchers: list[Watcher] = []
        self._cast = cast
        self._resumes = agenda.now
        self._network = network
        self._rngs = {actor: Random(f"{seed} {me.name} {actor}") for actor in cast}
        self.stores = {actor: Store() for actor in cast}
        self.wire = Wire(self, network)

    def role(self, actor: str) -> Role:
        """The mind of an actor, to look into."""
        return self.actors[actor].role

    def start(self) -> None:
        """Start the node with what it kept."""
        assert not self.up, f"{self.name} is up already"
        self.up, self.since = True, self.agenda.now
        if self.clock:
            self.clock.restart()
        self._network.links.set_presence(self.me.address, Presence.NODE)
        self.actors = {actor: self._cast_actor(actor) for actor in self._cast}
        self.wire.start()
        for name, actor in self.actors.items():
            actor.start(self.stores[name].records)

    def stop(self) -> None:
        """The node's processes are gone: its machine refuses whoever connects."""
        self._end(Presence.NOBODY)

    def lose_power(self) -> None:
        """The machine is gone: its address is silent, and what was not on the disk is lost."""
        self._end(Presence.NOTHING)
        self.powers_lost += 1
        for store in self.stores.values():
            store.lose_power()

    def _end(self, left: Presence) -> None:
        assert self.up, f"{self.name} is not up"
        self.up, self.paused, self.leaving = False, False, False
        self.since = self.agenda.now
        for actor in self.actors.values():
            actor.end()
        self._network.links.set_presence(self.me.address, left)

    def crash(self, name: str, down_seconds: float) -> None:
        """One actor dies, and its successor starts after that time."""
        if name == "wire":
            self.wire.crash(down_seconds)
            return
        self.actors[name].end()
        successor = self.actors[name] = self._cast_actor(name)
        store = self.stores[name]
        self.agenda.at(self.agenda.now + down_seconds, successor.start, store.records)

    def pause(self, seconds: float) -> None:
        """Stand still, as under SIGSTOP: everything waits."""
        self.paused = True
        self._resumes = max(self._resumes, self.agenda.now + seconds)
        self._network.links.set_presence(self.me.address, Presence.STOPPED)
        for actor in self.actors.values():
            actor.pause()
        self.agenda.at(self._resumes, self._resume, self._resumes)

    def bury(self) -> None:
        """Never come back: nothing of it is left."""
        assert not self.up, f"{self.name} is up"
        self.actors, self.stores, self._rngs = {}, {}, {}
        self.buried = True
        self._network.detach(self.me.address)

    def set_clock(self, *, jump_seconds: float = 0.0, rate: float | None = None) -> None:
        """Put the clock forward, or back by a negative number; have it run fast or slow."""
        self.clock = self.clock or Clock(self.agenda)
        self.clock.jump(jump_seconds)
        if rate:
            self.clock.run_at(rate)
        for actor in self.actors.values():
            actor.set_alarm_anew()

    def pause_actor(self, name: str, seconds: float) -> None:
        """Let one actor stand still: everything waits for it, while the others go on."""
        self.stalls += 1
        paused = self.wire if name == "wire" else self.actors[name]
        paused.pause()
        self.agenda.at(self.agenda.now + seconds, self._resume_actor, paused)

    def _resume_actor(self, paused: Wire | Actor) -> None:
        self.stalls -= 1
        paused.attend()

    @property
    def is_whole(self) -> bool:
        """Whether the node runs and means to go on, and none of its actors stands still."""
        return self.up and not (self.leaving or self.paused or self.stalls)

    def _resume(self, time: float) -> None:
        if self.paused and time == self._resumes:
            self.paused = False
            self._network.links.set_presence(self.me.address, Presence.NODE)
            for actor in self.actors.values():
                actor.attend()

    def empty(self, speaker: str, out: Outbox) -> None:
        """Do what an actor wants done: first keep, then say and send."""
        for watcher in self.watchers:
            watcher(self, speaker, out)
        if out.kept:
            store = self.stores[speaker]
            for record in out.kept:
                store.keep(record)
            out.kept.clear()
        for letter in out.said:
            self.tell(speaker, letter)
        out.said.clear()
        for peer, message in out.sent:
            self.wire.send(speaker, peer, message)
        out.sent.clear()

    def tell(self, speaker: str, letter: Any) -> None:
        """Bring a letter to those of its hearers that run here.

        Raises:
            Unwired: that speaker does not say such letters.
        """
        time = self.agenda.now + LETTER_SECONDS
        for hearer in self._hearers(speaker, type(letter)):
            if self._network.sealed and not hearer.endswith(HANDS):
                letter = letters.read(letters.write(letter))
            if hearer == "wire":
                self.agenda.at(time, self.wire.hear, letter)
            elif hearer in self.actors:
                self.agenda.at(time, self.actors[hearer].hear, letter)

    def _hearers(self, speaker: str, kind: type) -> tuple[str, ...]:
        if speaker.endswith(HANDS):
            return (speaker.removesuffix(HANDS),)
        hearers = HEARERS.get((speaker, kind))
        if hearers is None:
            raise Unwired(f"{speaker} says {kind.__name__}, which the wiring does not list")
        return hearers

    def _cast_actor(self, name: str) -> Actor:
        role = self._cast[name](Seat(self.me, self.peers, self._rngs[name], f"{self.since}"))
        return Actor(self, name, role)
