"""Is everything there that a service needs before it can start?

Its package, its configuration, its place in the census, and its files, one after the other.
"""

from typing import Any

import msgspec

from habactors.protocol.files import Fetch, Fetched, Package, Render, Rendered
from habactors.protocol.limits import EXPORTS_BYTES_MAX
from habactors.protocol.news import Offer
from habactors.protocol.views import GroupView, Recount
from habactors.roles.context import Places, context
from habactors.roles.layers import Unreadable, merge, parse, pick
from habactors.roles.leading import Leading
from habactors.roles.role import Role
from habactors.roles.specs import Prints, Spec
from habactors.roles.steps import Steps

RETRY_SECONDS = 30.0
"""After which what a package or the disk refused is tried again."""


class Preparation:
    """`package` and `config` are the latest good ones, `files` the prints of what is rendered."""

    def __init__(self, role: Role, places: Places, steps: Steps) -> None:
        self.package: Package | None = None
        self.config: dict[str, Any] = {}
        self.files: Prints | None = None
        self._role = role
        self._places = places
        self._steps = steps
        self._merged: tuple[Package, bytes] | None = None
        self._context: dict[str, Any] | None = None
        self._is_rendering = False
        self._refused_at = 0.0
        kinds = ("package", "exports", "census", "leader", "files", "config")
        self._flaws = dict.fromkeys(kinds, "")

    @property
    def blocked(self) -> str:
        """Why it does not get on, in words."""
        return next(filter(None, self._flaws.values()), "")

    @property
    def unfit(self) -> str:
        """Why it could not start now, even if it were to lead."""
        if self.package is None:
            return self._flaws["package"]
        return self._flaws["exports"] or ("" if self.files else self._flaws["files"])

    def fetched(self, news: Fetched) -> None:
        """Take over a package; without a newer one the last one stays."""
        self.package = news.package or self.package
        self._flaws["package"] = ": ".join(filter(None, (news.message, news.hint)))

    def rendered(self, news: Rendered, now: float) -> None:
        """Files that were rendered stay in force while newer ones fail."""
        self._is_rendering = False
        self._flaws["files"] = news.error
        if news.error:
            self._refused_at = now
        else:
            self.files = Prints(news.config_print, news.run_print)

    def hurry(self) -> None:
        """Try again at once what was refused, and render anew: templates may have been edited."""
        self._steps.forget("fetch", "offer")
        self._context = None

    def advance(
        self, spec: Spec, group: GroupView | None, leading: Leading | None, now: float
    ) -> Prints | None:
        """Say the next step; the prints of the files when nothing is left to do."""
        if self.package is None:
            fetch = Fetch(spec.service_group, spec.package)
            self._steps.say("fetch", fetch, now, RETRY_SECONDS)
            return None
        self._merge(self.package, group)
        offer = self._offer(self.package, spec)
        if not self._is_offered(offer, group, now):
            return None
        assert group is not None, "listed in a group that is not there"
        self._flaws["leader"] = ""
        if leading and not leading.has_leader_among(group):
            self._flaws["leader"] = f"waits for a leader: {leading.blocked}"
            return None
        leader = leading.known.leader if leading and leading.known else ""
        self._render(self.package, spec, group, leader, now)
        return None if self._is_rendering else self.files

    def is_listed(self, group: GroupView | None, offer: Offer | None = None) -> bool:
        """Whether the census lists this service (just as offered)."""
        me = self._role.me.id
        for view in group.members if group else ():
            if view.member_id == me:
                name = view.service_group
                said = Offer(name, view.ident, view.topology, view.exports, view.sys)
                return offer is None or said == offer
        return False

    def _is_offered(self, offer: Offer, group: GroupView | None, now: float) -> bool:
        self._flaws["exports"] = self._flaws["census"] = ""
        if len(offer.exports) > EXPORTS_BYTES_MAX:
            self._flaws["exports"] = f"its exports are longer than {EXPORTS_BYTES_MAX} bytes"
            return False
        if self.is_listed(group, offer):
            self._steps.forget("offer", "withdraw")
            return True
        self._flaws["census"] = "waits for the census to list it"
        if self._steps.say("offer", offer, now):
            self._role.say(Recount())  # perhaps the census has listed it, and we missed that
        return False

    def _offer(self, package: Package, spec: Spec) -> Offer:
        exports = {name: pick(self.config, path) for name, path in sorted(package.exports.items())}
        return Offer(
            spec.service_group,
            package.ident,
            spec.topology,
            msgspec.json.encode(exports),
            msgspec.json.encode(self._places.sys),
        )

    def _merge(self, package: Package, group: GroupView | None) -> None:
        """Work out the configuration; the last good one stays when the ring's cannot be read."""
        body = group.config_body if group else b""
        if self._merged and self._merged[0] is package and self._merged[1] == body:
            return
        self._merged = (package, body)
        self._flaws["config"] = ""
        try:
            self.config = merge(package.defaults, parse(body))
        except (Unreadable, ValueError) as error:
            self._flaws["config"] = f"the ring's configuration is no TOML: {error}"
            self.config = self.config or package.defaults

    def _render(
        self, package: Package, spec: Spec, group: GroupView, leader: str, now: float
    ) -> None:
        fresh = context(self._places, package, spec.folder, group, self.config, leader)
        retry_at = self._refused_at + RETRY_SECONDS
        is_refused = bool(self._flaws["files"])
        if fresh != self._context or (is_refused and now >= retry_at):
            self._context, self._is_rendering = fresh, True
            self._role.say(Render(spec.service_group, package, fresh))
        elif is_refused:
            self._steps.look_again(retry_at)
