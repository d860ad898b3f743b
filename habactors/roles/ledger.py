"""What does the rest of the node look like from here?

The fold of views, leaderships, service board, roster and events that control and the sidecar show.
It asks again for whatever it missed.
"""

from collections import deque
from typing import Any

from habactors.protocol.commands import LocalHealth, ReadBoard, ReadHealth, ServiceBoard
from habactors.protocol.errands import CallRoll, Roster
from habactors.protocol.events import Event
from habactors.protocol.leadership import AskLeadership, Leadership
from habactors.protocol.views import GroupView, MemberView, Recount, Views
from habactors.roles.follower import Follower, Step, fold
from habactors.roles.role import Role

EVENTS_MAX = 500


class Ledger:
    """Members and groups by name, this node's services and actors, and the latest events.

    `leaderships` tells, by group, what the election actor of this node knows of those it takes
    part in.
    """

    def __init__(self, role: Role) -> None:
        self.members: dict[str, MemberView] = {}
        self.groups: dict[str, GroupView] = {}
        self.leaderships: dict[str, Leadership] = {}
        self.board = ServiceBoard(())
        self.roster = Roster(0.0, ())
        self.health_score = 0
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._role = role
        self._follower = Follower()

    def open(self) -> None:
        """Ask for everything, at the start."""
        for question in (Recount(), AskLeadership(), ReadBoard(), CallRoll(), ReadHealth()):
            self._role.say(question)

    def take(self, message: Any) -> bool:
        """Fold a message; False when it is none of the ledger's."""
        match message:
            case Views():
                self._follow(message)
            case Leadership():
                self.leaderships[message.service_group] = message
            case ServiceBoard():
                self.board = message
            case Roster():
                self.roster = message
            case LocalHealth(score):
                self.health_score = score
            case Event():
                self.events.append(message)
            case _:
                return False
        return True

    def _follow(self, views: Views) -> None:
        step = self._follower.take(views)
        if step is Step.GAP:
            self._role.say(Recount())
        if step is not Step.NEXT:
            return
        fold(views, self.members, self.groups)
