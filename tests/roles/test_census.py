"""Who serves what? One census over the news of one disseminator."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.news import CatchUp, News, Snapshot
from habactors.protocol.rumors import Config, Departure, Service
from habactors.protocol.views import Recount, Views
from habactors.roles.census import Census
from habactors.roles.follower import Follower, Step
from tests import strategies
from tests.roles.stage import ADA, NOW, Stage, known, member

EPOCH = 7
GROUP = "redis.prod"


def census(seed=1):
    return Census(ADA, Random(seed))


def census_of(*rumors, seed=1):
    stage = Stage(census(seed)).start()
    stage.take(CatchUp)
    return stage.hear(Snapshot(EPOCH, 0, known(member("ada"), *rumors)))


def service(name, incarnation=1, **more):
    return Service(name, GROUP, "core/redis", incarnation, b'{"port":1}', b'{"ip":"::1"}', **more)


class Reader:
    """What a follower of the views believes."""

    def __init__(self):
        self.follower = Follower()
        self.members = {}
        self.groups = {}

    def read(self, views):
        if views.whole:
            if not self.follower.reset(views.epoch, views.version):
                return
            self.members, self.groups = {}, {}
        else:
            assert self.follower.step(views.epoch, views.version) is Step.NEXT
        self.members |= {view.id: view for view in views.members}
        self.groups |= {view.service_group: view for view in views.groups}
        for gone in views.gone_members:
            self.members.pop(gone, None)
        for gone in views.gone_groups:
            self.groups.pop(gone, None)


def read(*views):
    reader = Reader()
    for view in views:
        reader.read(view)
    return reader


def news(version, *rumors, since=NOW, gone=()):
    return News(EPOCH, version, known(*rumors, since=since), gone)


# What it shows


def test_at_its_start_it_asks_for_all_that_stands():
    stage = Stage(census()).start()
    stage.take(CatchUp)
    stage.expect_nothing()


def test_a_member_is_shown_with_its_health_since_when_and_why():
    suspect = member("bob", 3, Health.SUSPECT, permanent=True, by=("cyd", "dan"))
    views = census_of(suspect).take(Views)
    assert views.whole
    shown = read(views).members["bob"]
    assert (shown.name, shown.address, shown.incarnation) == ("bob", "bob:9638", 3)
    assert (shown.health, shown.permanent) == (Health.SUSPECT, True)
    assert (shown.since, shown.why) == (NOW, "no answer; no answer")


def test_a_group_is_shown_with_its_members_in_order_and_its_configuration():
    stage = census_of(member("bob"), service("bob"), service("ada"), Config(GROUP, 3, b"x", "bob"))
    shown = read(stage.take(Views)).groups[GROUP]
    assert (shown.config_version, shown.config_body, shown.config_source) == (3, b"x", "bob")
    assert [view.member_id for view in shown.members] == ["ada", "bob"]
    (_, bob) = shown.members
    assert (bob.ident, bob.topology, bob.health) == ("core/redis", "standalone", Health.ALIVE)
    assert (bob.exports, bob.sys) == (b'{"port":1}', b'{"ip":"::1"}')


def test_a_group_may_have_members_without_a_configuration_and_the_other_way_round():
    shown = read(census_of(service("ada")).take(Views)).groups[GROUP]
    assert (shown.config_version, shown.config_body, len(shown.members)) == (0, b"", 1)
    shown = read(census_of(Config(GROUP, 3, b"x", "bob")).take(Views)).groups[GROUP]
    assert (shown.config_version, shown.members) == (3, ())


def test_a_service_whose_member_is_not_known_yet_is_not_held_for_alive():
    (view,) = read(census_of(service("bob")).take(Views)).groups[GROUP].members
    assert (view.health, view.permanent) == (Health.SUSPECT, False)


def test_a_withdrawn_service_is_not_shown_and_an_empty_group_is_gone():
    stage = census_of(service("ada"), service("bob"))
    reader = read(stage.take(Views))
    stage.hear(news(1, service("ada", 2, withdrawn=True)))
    reader.read(stage.take(Views))
    assert [view.member_id for view in reader.groups[GROUP].members] == ["bob"]
    stage.hear(news(2, service("bob", 2, withdrawn=True)))
    views = stage.take(Views)
    assert views.gone_groups == (GROUP,)
    reader.read(views)
    assert reader.groups == {}


def test_a_departure_outweighs_every_membership_and_reaches_the_groups():
    stage = census_of(member("bob"), service("bob"))
    reader = read(stage.take(Views))
    stage.hear(News(EPOCH, 1, known(Departure("bob", "ada", "broken disk"), since=NOW + 5)))
    stage.hear(news(2, member("bob", 9)))
    for views in stage.take_all(Views):
        reader.read(views)
    shown = reader.members["bob"]
    assert (shown.health, shown.since, shown.why) == (Health.DEPARTED, NOW + 5, "broken disk")
    assert reader.groups[GROUP].members[0].health == Health.DEPARTED


def test_a_departure_of_a_stranger_shows_nobody():
    assert "bob" not in read(census_of(Departure("bob", "ada")).take(Views)).members


# What it tells


def test_only_what_changed_is_told():
    stage = census_of(member("bob"), member("cyd"), service("bob"), Config("x.y", 1, b"", "ada"))
    stage.take(Views)
    for version in (1, 2):
        stage.hear(news(version, member("cyd", 1 + version)))
        views = stage.take(Views)
        assert not views.whole
        assert ([view.id for view in views.members], views.groups) == (["cyd"], ())


def test_a_change_of_health_is_told_of_the_member_and_of_all_its_groups():
    stage = census_of(member("bob"), service("bob"))
    stage.take(Views)
    stage.hear(news(1, member("bob", health=Health.CONFIRMED)))
    views = stage.take(Views)
    assert [view.id for view in views.members] == ["bob"]
    assert [view.members[0].health for view in views.groups] == [Health.CONFIRMED]


def test_who_is_gone_is_told_as_gone():
    stage = census_of(member("bob"), service("bob"), Config(GROUP, 1, b"", "ada"))
    reader = read(stage.take(Views))
    stage.hear(news(1, gone=(member("bob").key, service("bob").key)))
    reader.read(stage.take(Views))
    assert list(reader.members) == ["ada"]
    assert reader.groups[GROUP].members == ()
    stage.hear(news(2, gone=(Config(GROUP, 1, b"", "ada").key, ("config", "never.heard"))))
    reader.read(stage.take(Views))
    assert reader.groups == {}


def test_a_service_that_is_gone_leaves_its_group():
    stage = census_of(member("bob"), service("bob"), service("ada"))
    reader = read(stage.take(Views))
    stage.hear(news(1, gone=(service("bob").key,)))
    reader.read(stage.take(Views))
    assert [view.member_id for view in reader.groups[GROUP].members] == ["ada"]


def test_what_is_gone_leaves_nothing_behind():
    stage = census_of(member("bob"), service("bob"))
    stage.hear(news(1, gone=(member("bob").key, service("bob").key)))
    assert (stage.role._groups, stage.role._serves) == ({}, {})
    assert list(stage.role._known) == [member("ada").key]


def test_news_without_news_is_not_told():
    stage = census_of()
    stage.take(Views)
    stage.hear(news(1))
    stage.expect_nothing()


# Gaps


def test_a_gap_in_the_news_asks_for_all_of_it_and_folds_nothing():
    stage = census_of()
    stage.take(Views)
    stage.hear(news(2, member("bob")))
    stage.take(CatchUp)
    stage.expect_nothing()
    stage.hear(Snapshot(EPOCH, 2, known(member("ada"), member("bob"))))
    assert list(read(stage.take(Views)).members) == ["ada", "bob"]


def test_another_life_of_the_disseminator_is_a_gap_and_its_snapshot_begins_anew():
    stage = census_of(member("bob"))
    reader = read(stage.take(Views))
    stage.hear(News(EPOCH + 1, 1, known(member("cyd"))))
    stage.take(CatchUp)
    stage.hear(Snapshot(EPOCH + 1, 1, known(member("ada"), member("cyd"))))
    reader.read(stage.take(Views))
    assert list(reader.members) == ["ada", "cyd"]


def test_a_snapshot_that_somebody_else_asked_for_disturbs_nobody():
    stage = census_of(member("bob"))
    stage.take(Views)
    stage.hear(Snapshot(EPOCH, 0, known(member("ada"), member("bob"))))
    stage.expect_nothing()


def test_stale_news_is_folded_once():
    stage = census_of()
    stage.take(Views)
    stage.hear(news(1, member("bob")))
    stage.take(Views)
    stage.hear(news(1, member("bob", 9)))
    stage.expect_nothing()


def test_whoever_misses_the_whole_census_finds_a_gap_at_the_next_change():
    stage = census_of(member("bob"))
    reader = read(stage.take(Views))
    stage.hear(Snapshot(EPOCH + 1, 0, known(member("ada"), member("cyd"))))
    stage.take(Views)  # and this one gets lost
    stage.hear(News(EPOCH + 1, 1, known(member("cyd", 2))))
    delta = stage.take(Views)
    assert reader.follower.step(delta.epoch, delta.version) is Step.GAP


def test_a_recount_tells_everything_at_the_version_that_stands():
    stage = census_of(member("bob"), service("bob"))
    reader = read(stage.take(Views))
    stage.hear(news(1, member("cyd")))
    reader.read(stage.take(Views))
    stage.hear(Recount())
    views = stage.take(Views)
    assert views.whole
    assert read(views).members == reader.members
    assert read(views).groups == reader.groups
    stage.hear(news(2, member("dan")))
    read(views, stage.take(Views))


def test_before_it_knows_anything_it_does_not_claim_that_there_is_nothing():
    stage = Stage(census()).start()
    stage.take(CatchUp)
    stage.hear(Recount())
    stage.expect_nothing()
    stage.hear(Snapshot(EPOCH, 0, known(member("ada"))))
    assert stage.take(Views).whole


def test_each_life_has_an_epoch_of_its_own():
    epochs = {census_of(seed=seed).take(Views).epoch for seed in range(20)}
    assert len(epochs) == 20


# Deltas against a full recount


changes = st.tuples(
    st.lists(strategies.rumors, max_size=4),
    st.lists(strategies.rumors.map(lambda rumor: rumor.key), max_size=2),
    st.sampled_from(("news", "news", "news", "lost news", "recount", "snapshot")),
)


@given(st.lists(changes, max_size=12))
def test_after_any_sequence_the_deltas_equal_a_full_recount(sequence):
    """A disseminator changes and forgets rumors, and sometimes its news is lost."""
    stage = census_of()
    reader = read(stage.take(Views))
    standing = {member("ada").key: member("ada")}
    for version, (rumors, gone, how) in enumerate(sequence, start=1):
        standing |= {rumor.key: rumor for rumor in rumors}
        for key in gone:
            standing.pop(key, None)
        if how in ("news", "recount"):
            stage.hear(news(version, *rumors, gone=tuple(gone)))
        if how == "recount":
            stage.hear(Recount())
        if how == "snapshot" or stage.take_all(CatchUp):
            stage.hear(Snapshot(EPOCH, version, known(*standing.values())))
        for views in stage.take_all(Views):
            reader.read(views)
        stage.take_all(Event)  # of its isolation
        if how != "lost news":
            fresh = recount(standing)
            assert reader.members == fresh.members
            assert reader.groups == fresh.groups
        stage.expect_nothing()


def recount(standing):
    """What another census makes of all that stands."""
    stage = Stage(census(seed=2)).start().drop()
    stage.hear(Snapshot(EPOCH, 0, known(*standing.values())))
    return read(stage.take(Views))
