"""What could be said: strategies for rumors, messages and letters.

`valid(type)` draws from the whole range that a type allows; the strategies below it draw from a
small world, in which rumors about the same things meet often.
"""

import msgspec
from hypothesis import strategies as st

from habactors.protocol.electorate import Electorate
from habactors.protocol.envelope import Envelope
from habactors.protocol.health import Health
from habactors.protocol.letters import AnyLetter
from habactors.protocol.lifecycle import Peer
from habactors.protocol.limits import (
    EVIDENCE_MAX,
    HOST_AND_PORT,
    INTRODUCTIONS_MAX,
    PLAIN,
    WHOLE_MAX,
)
from habactors.protocol.rumors import (
    AnyRumor,
    Config,
    Departure,
    Election,
    Evidence,
    Membership,
    Service,
)

SOME = 8
"""Texts and tuples are drawn no longer than this: limits have tests of their own."""

ANY_CHARACTERS = st.characters(exclude_categories=("Cs",))
PLAIN_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"))

WIDEST = 2**64 - 1
"""The largest number that msgpack knows."""


def valid(kind):
    """Any value that a decoder of that type would let pass."""
    return _built(msgspec.inspect.type_info(kind))


def _built(info):
    match info:
        case msgspec.inspect.Metadata(inner):
            return _built(inner)
        case msgspec.inspect.StructType(cls, fields=fields):
            return st.builds(cls, **{field.name: _built(field.type) for field in fields})
        case msgspec.inspect.UnionType(types):
            return st.one_of([_built(each) for each in types])
        case msgspec.inspect.VarTupleType(item, least, most) if most is None or most > 0:
            return st.lists(_built(item), min_size=least or 0, max_size=_few(most)).map(tuple)
        case msgspec.inspect.DictType(key, value):
            return st.dictionaries(_built(key), _built(value), max_size=3)
    return _plain(info)


def _plain(info):
    match info:
        case msgspec.inspect.IntType(ge=least, le=most):
            return st.integers(
                -(2**63) if least is None else least, WIDEST if most is None else most
            )
        case msgspec.inspect.StrType(pattern=pattern) if pattern == HOST_AND_PORT:
            return st.from_regex(r"\A([a-z][a-z0-9.]{0,5}|\[::[0-9a-f]\]):[0-9]{1,5}\Z")
        case msgspec.inspect.StrType(min_length=least, max_length=most, pattern=pattern):
            alphabet = PLAIN_CHARACTERS if pattern == PLAIN else ANY_CHARACTERS
            return st.text(alphabet, min_size=least or 0, max_size=_few(most))
        case msgspec.inspect.BytesType(min_length=least, max_length=most):
            return st.binary(min_size=least or 0, max_size=_few(most))
        case msgspec.inspect.FloatType():
            return st.floats(allow_nan=False)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType(values):
            return st.sampled_from(values)
        case msgspec.inspect.AnyType():
            return st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=SOME)
    raise NotImplementedError(f"no strategy for {info}")


def _few(most):
    return SOME if most is None else min(most, SOME)


ALL_RUMORS = AnyRumor.__args__
"""The class of every kind of rumor."""

any_rumors = valid(AnyRumor)
envelopes = valid(Envelope)
any_letters = valid(AnyLetter)

ids = st.sampled_from(("ada", "bob", "cyd", "dan"))
groups = st.sampled_from(("redis.prod", "hello.default"))
counts = st.integers(0, 3) | st.sampled_from((WHOLE_MAX - 1, WHOLE_MAX))
levels = st.sampled_from((Health.ALIVE, Health.SUSPECT, Health.CONFIRMED)).map(int)
words = st.sampled_from(("", "a", "b"))
bodies = st.sampled_from((b"{}", b"port = 1", b"port = 2"))


evidence = st.lists(
    st.builds(Evidence, accuser=ids, at=st.integers(0, 2), refused=st.booleans(), why=words),
    max_size=EVIDENCE_MAX,
).map(tuple)


def _address(member_id):
    return f"{member_id}:9638"


memberships = st.builds(
    Membership,
    id=ids,
    name=words,
    address=ids.map(_address),
    incarnation=counts,
    level=levels,
    permanent=st.booleans(),
    evidence=evidence,
)
services = st.builds(
    Service,
    member_id=ids,
    service_group=groups,
    ident=st.sampled_from(("core/redis", "core/hello")),
    incarnation=counts,
    exports=bodies,
    sys=bodies,
    withdrawn=st.booleans(),
)
configs = st.builds(Config, service_group=groups, version=counts, body=bodies, source=ids)
departures = st.builds(Departure, member_id=ids, source=ids, why=words)
voters = st.lists(ids, unique=True).map(sorted).map(tuple)
electorates = st.builds(Electorate, term=counts, serial=counts, members=voters)
elections = st.builds(
    Election,
    service_group=groups,
    term=counts,
    serial=counts,
    leader=ids | st.just(""),
    source=ids,
    electorate=electorates,
)

rumors = st.one_of(memberships, services, configs, departures, elections)
"""Rumors of a ring of four members and two groups."""

introductions = st.lists(memberships, max_size=INTRODUCTIONS_MAX).map(tuple)
peers = ids.map(lambda member_id: Peer(member_id, _address(member_id), b"route"))
