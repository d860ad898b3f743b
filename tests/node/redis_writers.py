"""Clients that write to whichever Redis takes it: what was taken, what was acknowledged?"""

import itertools
import threading
import time
from typing import NamedTuple

from tests.node.redis_group import Link, Refused

PAUSE_SECONDS = 0.02
REST_SECONDS = 0.05
ACKNOWLEDGE_MILLISECONDS = 300
ANSWER_SECONDS = 6.0
SILENCE_SECONDS = 0.5


class Taken(NamedTuple):
    """A write that a server took, and whether a follower has it too."""

    key: str
    host: str
    moment: float
    acknowledged: bool


class Window(NamedTuple):
    """From `began` to `ended` two servers took writes: those of each by the name of its host."""

    began: float
    ended: float
    taken: dict[str, list[Taken]]

    def __str__(self):
        took = [
            f"{host} took {len(writes)}, of which {sum(write.acknowledged for write in writes)} "
            "were acknowledged"
            for host, writes in self.taken.items()
        ]
        return f"{self.ended - self.began:.3f} s: {'; '.join(took)}"


class Writers:
    """One client for each host, all at once, so that no server that takes writes is missed."""

    def __init__(self, ring):
        self.taken = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=[host]) for host in ring]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def acknowledged(self):
        return [write for write in self.taken if write.acknowledged]

    def longest_silence(self, since):
        """For how long after that nothing was acknowledged at most, in seconds."""
        moments = [write.moment for write in self.acknowledged if write.moment > since]
        times = [since, *sorted(moments), time.time()]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def windows(self):
        """When two servers took writes at the same time."""
        stretches = [part for host in self._hosts() for part in _stretches(self._by(host))]
        return sorted(
            filter(None, itertools.starmap(_overlap, itertools.combinations(stretches, 2))),
            key=lambda window: window.began,
        )

    def _hosts(self):
        return sorted({write.host for write in self.taken})

    def _by(self, host):
        return [write for write in self.taken if write.host == host]

    def _write(self, host):
        numbers = itertools.count()
        link = None
        while not self._end.wait(PAUSE_SECONDS if link else REST_SECONDS):
            try:
                link = link or Link(host.address, ANSWER_SECONDS)
                self._write_once(link, host.name, f"{host.name}:{next(numbers)}")
            except OSError:
                if link:
                    link.close()
                link = None
            except Refused:
                self._end.wait(REST_SECONDS)
        if link:
            link.close()

    def _write_once(self, link, host, key):
        link.ask("SET", key, key)
        moment, followers = time.time(), 0
        try:
            followers = link.ask("WAIT", 1, ACKNOWLEDGE_MILLISECONDS)
        finally:
            self.taken.append(Taken(key, host, moment, followers >= 1))


def _stretches(writes):
    """The writes of one host in parts, between which it took nothing for a while."""
    parts = []
    for write in writes:
        if parts and write.moment - parts[-1][-1].moment < SILENCE_SECONDS:
            parts[-1].append(write)
        else:
            parts.append([write])
    return parts


def _overlap(one, other):
    """When both servers took writes, if they did: from the first of the later one on."""
    if one[0].host == other[0].host:
        return None
    began = max(part[0].moment for part in (one, other))
    ended = min(part[-1].moment for part in (one, other))
    if ended < began:
        return None
    taken = {
        part[0].host: [write for write in part if began <= write.moment <= ended]
        for part in (one, other)
    }
    return Window(began, ended, taken)
