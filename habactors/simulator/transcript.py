"""What happened, line by line: `time host actor what`.

A transcript follows what every host believes of every other, and tells what changes in their eyes.
"""

from collections.abc import Callable, Iterator

from habactors.protocol.events import Event
from habactors.protocol.news import News, Snapshot
from habactors.protocol.rumors import AnyRumor, Config, Membership, Service
from habactors.roles.role import Outbox
from habactors.simulator.host import Host
from habactors.simulator.stage import Stage
from habactors.simulator.words import Phrase, plain, rumored, said, sent, standing

DETAILS = {"quiet": 0, "normal": 1, "verbose": 2}


class Transcript:
    """Writes the steps of a scenario, and what its hosts do up to its detail, by `write`."""

    def __init__(self, stage: Stage, write: Callable[[str], None]) -> None:
        ring = self._ring = stage.ring
        self._beliefs: dict[str, dict[str, str]] = {}
        self._stage = stage
        self._write = write
        ring.watch(self.follow)

    def step(self, what: str) -> None:
        """Tell what befalls the ring."""
        self._write(f"{self._ring.agenda.elapsed:8.3f}  {what}")

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        """Tell what an actor did, from its outbox."""
        level_max = DETAILS[self._stage.detail]
        for level, what in self._phrases(host, out):
            if level <= level_max:
                time = self._ring.agenda.elapsed
                self._write(f"{time:8.3f}  {host.name:<4} {actor:<13} {what}")

    def _phrases(self, host: Host, out: Outbox) -> Iterator[Phrase]:
        refuted = ""
        for letter in out.said:
            match letter:
                case Event(kind="member", subject=host.me.id, why=why):
                    refuted = f"{plain(why)}, "
                case News(known=known, gone=gone):
                    for item in known:
                        yield from self._learn(host, item.rumor, refuted)
                    for key in gone:
                        self._believed(host).pop(plain(key[1]), None)
                        yield 0, f"forgets {plain(' '.join(key))}"
                case Snapshot(known=known):
                    yield from self._begin(host, [item.rumor for item in known])
                case _:
                    yield from filter(None, [said(letter)])
        yield from sent(host.me.id, out.sent)

    def _believed(self, host: Host) -> dict[str, str]:
        return self._beliefs.setdefault(host.name, {})

    def _begin(self, host: Host, rumors: list[AnyRumor]) -> Iterator[Phrase]:
        """A snapshot says nothing new, save how the host itself stands in another life."""
        before = self._believed(host).get(host.name)
        members = [rumor for rumor in rumors if isinstance(rumor, Membership)]
        now = self._beliefs[host.name] = {rumor.name: standing(rumor) for rumor in members}
        if now[host.name] != before:
            known = f", and still knows {len(rumors) - 1} rumors" if len(rumors) > 1 else ""
            yield 1, f"is {now[host.name]}{known}"

    def _learn(self, host: Host, rumor: AnyRumor, refuted: str) -> Iterator[Phrase]:
        match rumor:
            case Membership():
                yield from self._learn_of_member(host, rumor, refuted)
            case Service(member_id=host.me.id) | Config(source=host.me.id):
                yield 0, f"makes it a rumor: {rumored(rumor)}"
            case _:
                yield 0, f"hears: {rumored(rumor)}"

    def _learn_of_member(self, host: Host, rumor: Membership, refuted: str) -> Iterator[Phrase]:
        beliefs = self._believed(host)
        before, now = beliefs.get(rumor.name), standing(rumor)
        beliefs[rumor.name] = now
        if rumor.id == host.me.id:
            yield 0, f"{refuted}is {now}" + (f": {rumor.why}" if rumor.why else "")
        elif before is None:
            yield 2, f"meets {rumored(rumor)}"
            if len(beliefs) == len(self._ring.hosts):
                yield 0, f"knows all {len(beliefs)} members"
        elif host.me.id in rumor.accusers and before != now:
            yield 0, f"makes it a rumor: {rumored(rumor)}"
        elif before != now:
            yield 0, f"hears: {rumored(rumor)}" + _source(rumor)


def _source(rumor: Membership) -> str:
    """Who says so, unless it is the member itself."""
    if rumor.left:
        return f", it {rumor.why}"
    return f", says {plain(', '.join(rumor.accusers))}" if rumor.accusers else ""
