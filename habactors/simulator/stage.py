"""Where does a scenario play?"""

from collections.abc import Iterable

from habactors.errors import UserError
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.roles.role import Outbox
from habactors.simulator.checkers import Checker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring, member_id


class BadScenario(UserError):
    """A scenario asks for what makes no sense."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__("bad-scenario", message, hint, exit_code=2)


class Unmet(UserError):
    """The ring is not as a scenario expects."""

    def __init__(self, message: str) -> None:
        super().__init__("unmet", message)


class Stage:
    """The ring of a scenario, and which changes of health anybody has ever seen in it.

    `detail` is how much the transcript tells.
    """

    def __init__(self, ring: Ring, detail: str = "normal") -> None:
        self.ring = ring
        self.detail = detail
        self.accusations: dict[str, list[str]] = {health.word: [] for health in Health}
        self.checkers: list[Checker] = []
        self.requests = 0
        ring.watch(self._note)

    def host(self, name: str) -> Host:
        """The host of that name."""
        if name not in self.ring.hosts:
            last = len(self.ring.hosts) - 1
            raise BadScenario(f"there is no {name}", f"the hosts are m0 to m{last}")
        return self.ring.hosts[name]

    def running(self, name: str) -> Host:
        """The host of that name, which must be up."""
        host = self.host(name)
        if not host.up:
            raise BadScenario(f"{name} is down", f"say start {name} first")
        return host

    def standing(self, name: str) -> Host:
        """The host of that name, which must not have been replaced."""
        host = self.host(name)
        if host.buried:
            raise BadScenario(f"{name} was replaced", "name another host")
        return host

    def others(self, names: Iterable[str]) -> list[str]:
        """The names of all hosts but these."""
        left_out = [self.host(name).name for name in names]
        return [name for name in self.ring.hosts if name not in left_out]

    def _note(self, host: Host, actor: str, out: Outbox) -> None:
        for letter in out.said:
            match letter:
                case Event(kind="member", subject=subject) if subject != member_id(host.name):
                    line = f"{host.name} held {letter.name} to be {letter.after}"
                    self.accusations[letter.after].append(line)


def meet(wrong: list[str]) -> None:
    """Let good news pass.

    Raises:
        Unmet: something is wrong.
    """
    if wrong:
        more = f" (and {len(wrong) - 1} more like it)" if wrong[1:] else ""
        raise Unmet(f"{wrong[0]}{more}")
