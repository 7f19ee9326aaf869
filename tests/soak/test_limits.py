from __future__ import annotations

import numpy as np
import pytest

from soak.counts import Sample
from soak.limits import LEAST_TOLERANCE, Spans, slow_down, verdicts
from soak.record import Record

ROUNDS = 24


def steady(number: int) -> Sample:
    return Sample(
        minute=0.1 * number,
        memory=1_000_000_000 + 1_000_000 * (number % 3),
        handles=40,
        threads=12,
        gl_contexts=2,
        gl_objects=300,
        widgets=500,
        objects={"napari.layers.image.image.Image": 9, "napari_ifealid.explorer.pins.Pin": 0},
    )


def record(**changes) -> Record:
    """A steady run, but for values that are given as functions of the round."""
    samples = []
    for number in range(ROUNDS):
        changed = {name: value(number) for name, value in changes.items()}
        samples.append(Sample(**{**vars(steady(number)), **changed}))
    return Record("hovering", samples=samples)


def times(rng: np.random.Generator, length: int = ROUNDS) -> np.ndarray:
    """Seconds of hovers, a few of them slow."""
    return 0.02 * rng.lognormal(0.0, 0.2, (length, 40))


def broken(run: Record) -> list[str]:
    return [one.what for one in verdicts(run) if not one.is_kept]


def test_steady_run_keeps_all_limits():
    assert broken(record()) == []


def test_first_rounds_are_no_part_of_what_is_compared():
    warming = record(memory=lambda n: 500_000_000 + 100_000_000 * min(n, 5))
    assert broken(warming) == []


def test_longer_warm_up_is_kept_to():
    assert Spans.of(24) == Spans(slice(6, 12), slice(18, 24))
    assert Spans.of(24, warm_up=12) == Spans(slice(12, 16), slice(20, 24))


@pytest.mark.parametrize(("share", "expected"), [(0.009, []), (0.011, ["memory"])])
def test_memory_may_grow_by_one_percent(share, expected):
    last = Spans.of(ROUNDS).last.start
    grown = record(memory=lambda n: round(1e9 * (1.0 + share * (n >= last))))
    assert broken(grown) == expected


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("handles", "open handles"),
        ("threads", "threads"),
        ("gl_contexts", "OpenGL contexts"),
        ("gl_objects", "OpenGL objects"),
        ("widgets", "widgets of Qt"),
    ],
)
def test_counts_must_not_grow_at_all(name, what):
    assert broken(record(**{name: lambda n: 100 + n // 8})) == [what]


def test_types_that_became_more_are_named():
    pins = "napari_ifealid.explorer.pins.Pin"
    grown = record(objects=lambda n: {"napari.layers.image.image.Image": 9, pins: n})
    assert broken(grown) == ["objects of napari_ifealid", pins]


def test_error_that_was_shown_breaks_a_limit():
    run = record()
    run.errors.append("error: the file is gone")
    assert broken(run) == ["errors shown"]


def test_hovers_as_quick_as_before_are_within_the_tolerance():
    rng = np.random.default_rng(0)
    ratio, most = slow_down(times(rng), times(rng), Spans.of(ROUNDS))
    assert ratio <= most
    assert LEAST_TOLERANCE <= most < 1.6


def test_hovers_that_become_slower_and_slower_break_the_limit():
    rng = np.random.default_rng(0)
    slower = times(rng) * np.linspace(1.0, 2.0, ROUNDS)[:, None]
    ratio, most = slow_down(slower, times(rng), Spans.of(ROUNDS))
    assert ratio > most


def test_machine_that_becomes_slower_is_no_fault_of_the_hovers():
    rng = np.random.default_rng(0)
    load = np.linspace(1.0, 2.0, ROUNDS)[:, None]
    ratio, most = slow_down(times(rng) * load, times(rng) * load, Spans.of(ROUNDS))
    assert ratio <= most


def test_too_few_rounds_are_an_error():
    with pytest.raises(ValueError, match="5 rounds are too few"):
        Spans.of(5)


def test_memory_that_napari_alone_needs_as_well_is_none_of_ours():
    run = record(memory=lambda n: 1_000_000_000 + 2_000_000 * n)
    assert broken(run) == ["memory"]
    run.napari_alone = [200_000_000 + 2_000_000 * n for n in range(ROUNDS)]
    assert broken(run) == []
    run.napari_alone = [200_000_000] * ROUNDS
    assert broken(run) == ["memory"]
