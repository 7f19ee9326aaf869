"""Anything that a user can do, in any order: nothing goes wrong, and every map is the right one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from window_machine import WindowMachine

SEQUENCES = int(os.environ.get("NAPARI_IFEALID_SEQUENCES", "10"))
STEPS = int(os.environ.get("NAPARI_IFEALID_STEPS", "25"))
SEED = int(os.environ.get("NAPARI_IFEALID_SEED", "1"))
FIGURES = os.environ.get("NAPARI_IFEALID_FIGURES")
JOURNAL = os.environ.get("NAPARI_IFEALID_JOURNAL")

pytestmark = [pytest.mark.sharp_by_itself, pytest.mark.timeout(600 + 60 * SEQUENCES)]


def test_nothing_goes_wrong_whatever_the_user_does(machine, capsys):
    start = perf_counter()
    options = settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=False,
        database=None,
        deadline=None,
    )
    machine.done.clear()
    machine.journal = Path(JOURNAL) if JOURNAL else None
    run_state_machine_as_test(seed(SEED)(machine), settings=options)
    report = report_of(machine.done, perf_counter() - start)
    with capsys.disabled():
        print(f"\n{report['summary']}")
    if FIGURES:
        Path(FIGURES).write_text(json.dumps(report, indent=1))
    failed = [sequence for sequence in machine.done if sequence.violations]
    assert not failed, "\n\n".join(map(replayed, failed))
    assert len(machine.done) >= SEQUENCES


def report_of(sequences: list[WindowMachine], seconds: float) -> dict[str, object]:
    """Return the figures of sequences that have been gone through."""
    violations = sum(bool(sequence.violations) for sequence in sequences)
    steps = sum(len(sequence.lines) for sequence in sequences)
    return {
        "summary": f"{len(sequences)} sequences, {steps} steps, {violations} violations, "
        f"{seconds:.0f} s, seed {SEED}",
        "sequences": len(sequences),
        "steps": steps,
        "violations": violations,
        "seconds": round(seconds, 1),
        "seed": SEED,
    }


def replayed(sequence: WindowMachine) -> str:
    """Return a sequence as Python that goes through it again, and what went wrong."""
    return "\n".join([*sequence.lines, *(f"# {text}" for text in sequence.violations)])
