"""Does an operator's configuration stand?"""

from typing import TYPE_CHECKING

import msgspec

from habactors.protocol.commands import Answered, ApplyConfig
from habactors.protocol.rumors import Config

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

ANSWERS = "answers"
ANSWERS_MAX = 32


class Applications:
    """Answers `ApplyConfig`, the same request always alike: answers are kept together with the rumors that they speak of."""

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._answers: dict[int, Answered] = {}

    def restore(self, kept: dict[str, bytes]) -> None:
        try:
            answers = msgspec.msgpack.decode(kept.get(ANSWERS, b"\x90"), type=list[Answered])
        except (msgspec.DecodeError, UnicodeDecodeError):
            answers = []
        self._answers = {answer.request: answer for answer in answers}

    def take_up(self, request: ApplyConfig, now: float) -> None:
        answer = self._answers.get(request.request)
        if answer is None:
            answer = self._judge(request, now)
            self._remember(answer)
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
        self._role.learn(config, now, durable=True)
        self._role.report(
            now, "config", group, group, str(stands), str(version), "an operator applied it here"
        )
        return Answered(
            request.request, f"accepted: version {version} of {group} stands", version=version
        )

    def _remember(self, answer: Answered) -> None:
        self._answers[answer.request] = answer
        while len(self._answers) > ANSWERS_MAX:
            del self._answers[next(iter(self._answers))]
        kept = msgspec.msgpack.encode(list(self._answers.values()))
        self._role.keep(ANSWERS, kept, durable=True)
