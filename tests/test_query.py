from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_ifealid.measures import COSINE, MEASURES, SPECTRAL_ANGLE, Background
from napari_ifealid.query import Origin, Query, Reference, Rule

ONE, OTHER = np.array([1.0, 2.0, 0.0]), np.array([0.0, -1.0, 5.0])
PIXELS = np.random.default_rng(0).normal(size=(20, 3))


def map_of(query: Query) -> np.ndarray:
    """Return the values of some pixels, by the definition of the measure."""
    if query.unlike is not None:
        return map_of(query.like) - map_of(query.unlike)
    background = Background.of(PIXELS)
    values = [query.measure.values(PIXELS, vector, background) for vector in query.vectors]
    return np.max(values, axis=0)


VECTORS = arrays(np.float64, 3, elements=st.sampled_from([-2.0, 0.5, 1.0]))
QUERIES = st.builds(
    lambda vectors, unlike, rule, measure: Query.to(
        *vectors, unlike=unlike, rule=None if unlike else rule, measure=measure
    ),
    st.lists(VECTORS, min_size=1, max_size=2),
    st.lists(VECTORS, max_size=2),
    st.sampled_from([Rule.MEAN, Rule.BEST]),
    st.sampled_from(MEASURES),
)


@given(QUERIES, QUERIES)
def test_queries_of_equal_keys_have_equal_maps(one, other):
    if one.key == other.key:
        np.testing.assert_array_equal(map_of(one), map_of(other))


@given(QUERIES)
def test_what_is_asked_anew_has_an_equal_key(query):
    references = [Reference(one.vector.copy(), one.sign) for one in query.references]
    again = Query(tuple(references), query.rule, query.measure)
    assert again.key == query.key
    assert again == query
    assert hash(again) == hash(query)


BOTH = Query.to(ONE, OTHER)


@pytest.mark.parametrize(
    "other",
    [
        Query.to(ONE),
        Query.to(OTHER),
        Query.to(ONE, OTHER, ONE + OTHER),
        Query.to(ONE, np.nextafter(OTHER, 9)),
        Query.to(ONE, OTHER, rule=Rule.MEAN),
        Query.to(ONE, OTHER, measure=COSINE),
    ],
    ids=["the first only", "the second only", "one more", "a bit off", "mean", "cosine"],
)
def test_queries_of_different_maps_have_different_keys(other):
    assert other.key != BOTH.key
    assert other != BOTH


def test_rule_of_a_single_reference_does_not_matter():
    mean, best = Query.to(ONE, rule=Rule.MEAN), Query.to(ONE, rule=Rule.BEST)
    assert mean.key == best.key
    np.testing.assert_array_equal(map_of(mean), map_of(best))


def test_label_and_origin_do_not_matter():
    named = Reference(ONE, label="grass", origin=Origin.PIN)
    assert Query((named,)) == Query((Reference(ONE),))
    assert named.key == Reference(ONE).key


def test_sign_tells_references_apart():
    assert Reference(ONE, sign=-1).key != Reference(ONE).key


def test_query_is_no_other_thing():
    assert Query.to(ONE) != ONE.tolist()


def test_queries_can_be_looked_up():
    assert {BOTH: 1}[Query.to(ONE, OTHER)] == 1


def test_query_of_plain_vectors_takes_the_best_by_the_spectral_angle():
    query = Query.to([1, 2, 3])
    assert (query.rule, query.measure) == (Rule.BEST, SPECTRAL_ANGLE)
    (reference,) = query.references
    assert reference.vector.dtype == np.float64
    assert (reference.sign, reference.origin) == (1, Origin.GIVEN)


def test_best_compares_with_each_vector():
    np.testing.assert_array_equal(BOTH.vectors, [ONE, OTHER])


def test_mean_compares_with_the_mean_vector():
    query = Query.to(ONE, OTHER, 3 * ONE, rule=Rule.MEAN)
    np.testing.assert_allclose(query.vectors, [(4 * ONE + OTHER) / 3], rtol=1e-15)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e308])
def test_mean_of_what_is_too_large_is_not_finite(bad):
    query = Query.to(np.array([bad, 1.0]), np.array([bad, 1.0]), rule=Rule.MEAN)
    assert not np.isfinite(query.vectors).all()


@pytest.mark.parametrize("vector", [1.0, np.ones((1, 3)), np.ones((3, 1))])
def test_reference_of_any_other_shape_is_refused(vector):
    with pytest.raises(ValueError, match=r"a reference of shape .* expected one axis"):
        Reference(vector)


@pytest.mark.parametrize("sign", [0, 2, -3])
def test_sign_is_one_or_minus_one(sign):
    with pytest.raises(ValueError, match=f"the sign {sign}; expected 1 or -1"):
        Reference(ONE, sign=sign)


def test_query_without_a_reference_is_refused():
    with pytest.raises(ValueError, match="references of no features"):
        Query(())


def test_references_of_different_features_are_refused():
    with pytest.raises(ValueError, match=r"references of \[2, 3\] features"):
        Query.to(ONE, ONE[:2])


@pytest.mark.parametrize("rule", [Rule.MEAN, Rule.BEST])
def test_negative_sign_is_refused_by_rules_of_one_sign(rule):
    with pytest.raises(ValueError, match=f"a negative sign; the rule '{rule.value}'"):
        Query((Reference(ONE), Reference(OTHER, sign=-1)), rule)


@pytest.mark.parametrize("sign", [1, -1])
def test_difference_of_one_sign_is_refused(sign):
    with pytest.raises(ValueError, match="references of one sign; the rule 'difference'"):
        Query((Reference(ONE, sign), Reference(OTHER, sign)), Rule.DIFFERENCE)


def test_difference_is_of_the_best_of_each_sign():
    query = Query.to(ONE, 2 * OTHER, unlike=[OTHER], measure=COSINE)
    assert query.rule is Rule.DIFFERENCE
    assert query.like == Query.to(ONE, 2 * OTHER, measure=COSINE)
    assert query.unlike == Query.to(OTHER, measure=COSINE)


@pytest.mark.parametrize("rule", [Rule.MEAN, Rule.BEST])
def test_query_of_one_sign_is_itself_what_is_looked_for(rule):
    query = Query.to(ONE, OTHER, rule=rule)
    assert query.like is query
    assert query.unlike is None


def test_reference_keeps_its_vector_when_the_array_changes():
    values = ONE.copy()
    reference = Reference(values)
    key = reference.key
    values[0] = 9
    np.testing.assert_array_equal(reference.vector, ONE)
    assert replace(reference).key == key


def test_vectors_can_not_be_written_to():
    for vectors in (Reference(ONE).vector, BOTH.vectors, replace(BOTH, rule=Rule.MEAN).vectors):
        with pytest.raises(ValueError, match="read-only"):
            vectors[...] = 9


def test_query_and_reference_are_frozen():
    with pytest.raises(FrozenInstanceError):
        BOTH.rule = Rule.MEAN
    with pytest.raises(FrozenInstanceError):
        BOTH.references[0].sign = -1


def test_query_goes_to_another_process():
    again = pickle.loads(pickle.dumps(Query.to(ONE, OTHER, rule=Rule.MEAN, measure=COSINE)))
    assert again == Query.to(ONE, OTHER, rule=Rule.MEAN, measure=COSINE)
    np.testing.assert_array_equal(
        map_of(again), map_of(Query.to((ONE + OTHER) / 2, measure=COSINE))
    )
