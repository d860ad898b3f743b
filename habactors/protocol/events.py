"""What happened?"""

from habactors.protocol.letter import Letter


class Event(Letter, frozen=True):
    """Something that an operator may want to know.

    `time` in epoch seconds, `node` the observer's member id.

    `kind` is one of member, service, health, election, config, file, actor, node; `subject` an id,
    `name` what people call it; `before` and `after` are the two states (from and to in JSON),
    `why` the reason in words.
    """

    time: float
    node: str
    actor: str
    kind: str
    subject: str
    name: str
    before: str
    after: str
    why: str
