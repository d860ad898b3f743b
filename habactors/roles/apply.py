"""Does an operator's configuration stand?"""

from typing import TYPE_CHECKING

import msgspec

from habactors.protocol.commands import Answered, ApplyConfig
from habactors.protocol.envelope import flaw
from habactors.protocol.rumors import Config
from habactors.protocol.table import fingerprint

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

ANSWERS = "answers"
ANSWERS_MAX = 32

_decoder = msgspec.msgpack.Decoder(dict[int, Answered])


class Applications:
    """Answers `ApplyConfig`, the same request always alike.

    Answers are kept together with the rumors that they speak of, under a fingerprint of the whole
    request: a number alone is used again by whoever starts to count anew.
    """

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._answers: dict[int, Answered] = {}

    def restore(self, kept: dict[str, bytes]) -> None:
        """Take over the answers of the life before; damaged ones are forgotten."""
        try:
            self._answers = _decoder.decode(kept.get(ANSWERS, b"\x80"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._answers = {}

    def take_up(self, request: ApplyConfig, now: float) -> None:
        """Answer a request, at once."""
        mark = fingerprint(request)
        answer = self._answers.get(mark)
        if answer is None:
            answer = self._judge(request, now)
            self._remember(mark, answer)
        self._role.say(answer)

    def _judge(self, request: ApplyConfig, now: float) -> Answered:
        group = request.service_group
        standing = self._role.table.get(("config", group))
        stands = standing.version if isinstance(standing, Config) else 0
        version = request.version or stands + 1
        if version <= stands:
            return Answered(
                request.request,
                f"version {version} of {group} is not newer: version {stands} stands",
                code="conflict",
                hint=f"apply version {stands + 1}, or auto",
                version=stands,
            )
        config = Config(group, version, request.body, self._role.me.id)
        if broken := flaw(config):
            return Answered(
                request.request,
                f"version {version} of {group} is beyond a limit ({broken})",
                code="refused",
                hint=f"version {stands} stands",
                version=stands,
            )
        self._role.learn(config, now, durable=True)
        self._role.report(
            now, "config", group, group, str(stands), str(version), "an operator applied it here"
        )
        return Answered(
            request.request, f"accepted: version {version} of {group} stands", version=version
        )

    def _remember(self, mark: int, answer: Answered) -> None:
        self._answers[mark] = answer
        while len(self._answers) > ANSWERS_MAX:
            del self._answers[next(iter(self._answers))]
        self._role.keep(ANSWERS, msgspec.msgpack.encode(self._answers), durable=True)
