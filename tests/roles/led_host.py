"""The services role on an imagined host whose election actor is played by hand."""

from habactors.protocol.commands import LoadService
from habactors.protocol.leadership import (
    AskLeadership,
    AskStandings,
    Demoted,
    Leadership,
    Stand,
    Withdrawn,
)
from tests.roles.electing import service_view
from tests.roles.services_host import DB, WEB, Host

NAME = "web.default"
JOB = f"{NAME}/run"
LEASE = 3.0
RENEWAL_SECONDS = 0.5
OTHERS = ("bob", "cyd")


class Ballots:
    """What the election actor knows and says. `silent`: it is dead, or hangs."""

    def __init__(self, host):
        self.host = host
        self.silent = False
        self.term = 0
        self.leader = ""
        self.why = "2 of at least 3 members are known"
        self.lease_until = 0.0
        self.heard = []
        self._renew()

    def hear(self, letter):
        if self.silent:
            return
        self.heard.append(letter)
        if isinstance(letter, AskLeadership):
            self.say()

    def elect(self, leader, term=None):
        """That member leads from now on; nobody, when it is empty."""
        self.term = self.term + bool(leader) if term is None else term
        self.leader = leader
        self.why = f"{leader} was elected" if leader else "an election is under way"
        self.say()

    def restart(self):
        """The actor begins anew, and asks what the services stand for."""
        self.silent = False
        self.host.post("election", AskStandings())

    def say(self):
        if self.silent:
            return
        role = "leader" if self.leader == "ada" else "follower" if self.leader else ""
        now = self.host.agenda.now
        until = 0.0
        if role == "leader":
            until = self.lease_until = now + LEASE
        status = "finished" if self.leader else "in-progress"
        self.host.post(
            "election",
            Leadership(NAME, self.term, self.leader, role, until, status, (), 2, 3, self.why),
        )

    def take(self, *kinds):
        taken = [letter for letter in self.heard if isinstance(letter, kinds)]
        self.heard = [letter for letter in self.heard if letter not in taken]
        return taken

    def _renew(self):
        if self.leader == "ada":
            self.say()
        self.host.agenda.after(RENEWAL_SECONDS, self._renew)


class LedHost(Host):
    """A host with a loaded service of leader topology, whose group has two more members."""

    def __init__(self, package=WEB, *, leader=""):
        super().__init__(package, DB)
        self.election = Ballots(self)
        self.hear_ballot = self.election.hear
        for name in OTHERS:
            self.census.list(service_view(name, group=NAME))
        self.order(LoadService, "web", topology="leader")
        if leader:
            self.election.elect(leader)
            self.run(1.0)
            self.take(object)
            self.election.heard.clear()

    @property
    def lead(self):
        """The term that is kept of a process that leads."""
        return self.records.get(f"lead/{NAME}")

    def demoted(self):
        return [letter.term for letter in self.election.take(Demoted)]

    def stood(self):
        return self.election.take(Stand, Withdrawn)

    def lose_leadership(self):
        self.election.elect("")
        return self
