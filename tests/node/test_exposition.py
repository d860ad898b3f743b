"""Numbers as Prometheus reads them, checked with its own parser."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from habactors.node.http.exposition import Counted, Gauge, exposed

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x85"), max_size=20)
NUMBERS = st.floats(allow_nan=False) | st.integers(-(10**18), 10**18)


def read(*families):
    return list(text_string_to_metric_families(exposed(families).decode()))


def test_a_counter_and_a_gauge_look_like_this():
    asked = Counted("asked", "What was asked", ("path", "code"))
    asked.add(("/", "200"), 3)
    up = Gauge("up_seconds", "How long")
    up.add((), 1.5)
    assert exposed([asked, up]) == (
        b"# HELP asked_total What was asked\n"
        b"# TYPE asked_total counter\n"
        b'asked_total{path="/",code="200"} 3.0\n'
        b"# HELP up_seconds How long\n"
        b"# TYPE up_seconds gauge\n"
        b"up_seconds 1.5\n"
    )


def test_a_family_without_numbers_is_told_of():
    (family,) = read(Gauge("empty", "Nothing yet", ("of",)))
    assert (family.name, family.type, family.samples) == ("empty", "gauge", [])


@given(TEXTS, TEXTS, NUMBERS)
def test_any_text_and_number_comes_back_as_it_was(one, other, number):
    family = Gauge("shown", "x", ("one", "other"))
    family.add((one, other), number)
    (sample,) = read(family)[0].samples
    assert sample.labels == {"one": one, "other": other}
    assert sample.value == float(number)


def test_an_explanation_stays_on_its_line():
    (family,) = read(Gauge("shown", "back\\slash and\nline"))
    assert family.documentation == "back\\slash and\nline"
