"""Who serves what?

A fold over the disseminator's snapshot and news: members with their health, service groups with
their members and configuration. It owns nothing and can be rebuilt at any time; the other actors
of the node hear what changed as `Views`.
"""

from random import Random
from typing import Any

from habactors.protocol.electorate import Electorate
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Identity, Start
from habactors.protocol.news import CatchUp, Known, News, Snapshot
from habactors.protocol.rumors import Config, Departure, Election, Key, Membership, Service
from habactors.protocol.views import GroupView, MemberView, Recount, ServiceView, Views
from habactors.roles.follower import Follower, Step
from habactors.roles.isolation import is_isolated, reach
from habactors.roles.role import Role


class Census(Role):
    """Members and service groups of the ring as this node sees them."""

    NAME = "census"

    def __init__(self, me: Identity, rng: Random) -> None:
        super().__init__(me)
        self.rng = rng
        self.epoch = 0
        self.version = 0
        self._follower = Follower()
        self._known: dict[Key, Known] = {}
        self._serves: dict[str, dict[str, None]] = {}
        self._groups: dict[str, dict[str, Service]] = {}
        self._members: dict[str, MemberView] = {}
        self._touched_members: dict[str, None] = {}
        self._touched_groups: dict[str, None] = {}
        self._isolated = False

    def hear(self, message: Any, now: float) -> None:
        match message:
            case News(epoch, version, known, gone):
                self._follow(epoch, version, known, gone, now)
            case Snapshot(epoch, version, known):
                if self._follower.reset(epoch, version):
                    self._rebuild(known)
            case Recount() if self._known:
                self._say_all()
            case Start():
                self.epoch = self.rng.getrandbits(48)
                self.say(CatchUp())

    def _follow(
        self, epoch: int, version: int, known: tuple[Known, ...], gone: tuple[Key, ...], now: float
    ) -> None:
        step = self._follower.step(epoch, version)
        if step is Step.GAP:
            self.say(CatchUp())
        if step is not Step.NEXT:
            return
        for item in known:
            self._fold(item)
        for key in gone:
            self._unfold(key)
        self._say_changes(now)

    def _rebuild(self, known: tuple[Known, ...]) -> None:
        """Begin anew. That is a version of its own: whoever misses it must find a gap."""
        self._known, self._serves, self._groups = {}, {}, {}
        for item in known:
            self._fold(item)
        self.version += 1
        self._say_all()

    def _fold(self, item: Known) -> None:
        rumor = item.rumor
        self._known[rumor.key] = item
        match rumor:
            case Membership(id=member_id) | Departure(member_id=member_id):
                self._touch_member(member_id)
            case Service(member_id=member_id, service_group=group):
                self._groups.setdefault(group, {})[member_id] = rumor
                self._serves.setdefault(member_id, {})[group] = None
                self._touched_groups[group] = None
            case Config(service_group=group) | Election(service_group=group):
                self._touched_groups[group] = None

    def _unfold(self, key: Key) -> None:
        item = self._known.pop(key, None)
        match item.rumor if item else None:
            case Membership(id=member_id) | Departure(member_id=member_id):
                self._touch_member(member_id)
            case Service(member_id=member_id, service_group=group):
                _discard(self._groups, group, member_id)
                _discard(self._serves, member_id, group)
                self._touched_groups[group] = None
            case Config(service_group=group) | Election(service_group=group):
                self._touched_groups[group] = None

    def _touch_member(self, member_id: str) -> None:
        self._touched_members[member_id] = None
        for group in self._serves.get(member_id, ()):
            self._touched_groups[group] = None

    def _say_changes(self, now: float) -> None:
        if not self._touched_members and not self._touched_groups:
            return
        self.version += 1
        members = [self._look_at(member_id) for member_id in self._touched_members]
        self._look_around(now)
        groups = [self._group_view(group) for group in self._touched_groups]
        self.say(
            Views(
                self.epoch,
                self.version,
                whole=False,
                members=tuple(view for view in members if view),
                groups=tuple(view for view in groups if view),
                gone_members=tuple(
                    member_id
                    for member_id, view in zip(self._touched_members, members, strict=True)
                    if not view
                ),
                gone_groups=tuple(
                    group
                    for group, view in zip(self._touched_groups, groups, strict=True)
                    if not view
                ),
            )
        )
        self._touched_members, self._touched_groups = {}, {}

    def _look_at(self, member_id: str) -> MemberView | None:
        """How a member stands now, and from now on counts."""
        view = self._member_view(member_id)
        if view:
            self._members[member_id] = view
        else:
            self._members.pop(member_id, None)
        return view

    def _look_around(self, now: float) -> None:
        """Report when this node loses sight of the majority of the ring, or finds it again."""
        if not self._touched_members:
            return
        views = self._members.values()
        isolated = is_isolated(views)
        if isolated == self._isolated:
            return
        self._isolated = isolated
        words = ("connected", "isolated") if isolated else ("isolated", "connected")
        reached, known = reach(views)
        why = f"{reached} of {known} known members can be reached"
        self.report(now, "node", self.me.id, self.me.name, *words, why)

    def _say_all(self) -> None:
        """Tell the whole census. Before the first snapshot that would be a lie, so nobody does."""
        self._touched_members, self._touched_groups = {}, {}
        self._members = {}
        ids = [key[1] for key in self._known if key[0] == Membership.KIND]
        members = [self._look_at(member_id) for member_id in ids]
        names = dict.fromkeys(self._groups)
        kinds = (Config.KIND, Election.KIND)
        names.update(dict.fromkeys(key[1] for key in self._known if key[0] in kinds))
        groups = (self._group_view(group) for group in names)
        self.say(
            Views(
                self.epoch,
                self.version,
                whole=True,
                members=tuple(view for view in members if view),
                groups=tuple(view for view in groups if view),
            )
        )

    def _member_view(self, member_id: str) -> MemberView | None:
        item = self._known.get(("membership", member_id))
        if item is None or not isinstance(item.rumor, Membership):
            return None
        member, since, why, health = item.rumor, item.since, item.rumor.why, item.rumor.health
        departure = self._known.get(("departure", member_id))
        if departure and isinstance(departure.rumor, Departure):
            since, why, health = departure.since, departure.rumor.why, Health.DEPARTED
        return MemberView(
            member.id,
            member.name,
            member.address,
            member.incarnation,
            int(health),
            member.permanent,
            since,
            why,
            member.left,
        )

    def _group_view(self, group: str) -> GroupView | None:
        services = self._groups.get(group, {})
        members = [
            self._service_view(services[member_id])
            for member_id in sorted(services)
            if not services[member_id].withdrawn
        ]
        item = self._known.get(("config", group))
        config = item.rumor if item and isinstance(item.rumor, Config) else None
        found = self._known.get(("election", group))
        election = found.rumor if found and isinstance(found.rumor, Election) else None
        if config is None and election is None and not members:
            return None
        return GroupView(
            group,
            config.version if config else 0,
            config.body if config else b"",
            config.source if config else "",
            tuple(members),
            election.term if election else 0,
            election.leader if election else "",
            election.electorate if election else Electorate(),
        )

    def _service_view(self, service: Service) -> ServiceView:
        member = self._member_view(service.member_id)
        return ServiceView(
            service.member_id,
            service.service_group,
            service.ident,
            service.incarnation,
            service.topology,
            service.exports,
            service.sys,
            member.health if member else int(Health.SUSPECT),
            member.permanent if member else False,
        )


def _discard(table: dict[str, dict[str, Any]], outer: str, inner: str) -> None:
    """Take an entry out of a table of tables, and leave no empty table behind."""
    del table[outer][inner]
    if not table[outer]:
        del table[outer]
