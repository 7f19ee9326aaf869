from __future__ import annotations

from fuzz_inputs import Inputs, keep, kept
from fuzz_mutations import REPLACEMENTS
from fuzz_seeds import Seed

TWO = [
    Seed("a.npy", "a.npy", {"a.npy": b"abc"}, is_tiny=True),
    Seed("b.hdr", "b.hdr", {"b.hdr": b"ENVI\nlines = 3", "b.raw": b"123"}, is_tiny=True),
]


def test_same_number_gives_the_same_input():
    first, again, other = (Inputs(TWO, run) for run in (1, 1, 2))
    files = [[inputs[n].seed.files for n in range(40)] for inputs in (first, again, other)]
    assert files[0] == files[1] != files[2]


def test_most_inputs_are_damaged():
    inputs = Inputs(TWO)
    good = [seed.files for seed in TWO]
    assert sum(inputs[number].seed.files in good for number in range(100)) < 10


def test_exhaustive_inputs_replace_each_byte_of_each_tiny_file_in_turn():
    inputs = Inputs(TWO, is_exhaustive=True)
    count = 3 + 14 + 3
    assert len(inputs) == count * len(REPLACEMENTS)
    found = [inputs[number].seed for number in range(len(inputs))]
    changed = {(seed.name, tuple(seed.files.items())) for seed in found}
    assert len(changed) == len(inputs)
    good = {seed.name: seed.files for seed in TWO}
    for seed in found:
        pairs = [(good[seed.name][name], content) for name, content in seed.files.items()]
        differing = [x != y for old, new in pairs for x, y in zip(old, new, strict=True)]
        assert sum(differing) == 1


def test_kept_input_comes_back(tmp_path):
    damaged = Inputs(TWO)[7]
    keep(damaged, ["KeyError: 'x'"], tmp_path / "more/a.json")
    assert kept(tmp_path / "more/a.json").files == damaged.seed.files
