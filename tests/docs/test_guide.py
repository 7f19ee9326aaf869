from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from napari_ifealid.extraction import load_upsampler, upsample
from napari_ifealid.sharpening import weights_of
from napari_ifealid.stack import FeatureStack

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_python_examples_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs/guide.md").read_text("utf-8"), re.S)
    with pytest.warns(UserWarning, match="other angles"):
        exec("\n".join(examples), {})
    assert capsys.readouterr().out.startswith("Meadow (450.0, 550.0, 650.0, 750.0, 850.0) [")


def test_up_sampler_of_the_guide_makes_outlines_sharper(tmp_path):
    (example,) = (
        code
        for code in re.findall(
            r"```python\n(.*?)```", (ROOT / "docs/guide.md").read_text("utf-8"), re.S
        )
        if "def by_colour" in code
    )
    (tmp_path / "my_upsampler.py").write_text(example)
    upsampler = load_upsampler(f"{tmp_path}/my_upsampler.py:by_colour")
    image = np.zeros((24, 24, 3), np.uint8)
    image[:, 10:] = 255  # an outline that lies in the third pixel of the features
    values = np.broadcast_to([[[0.0], [0.0], [0.5], [1.0], [1.0], [1.0]]], (6, 6, 1))
    attention = upsample(FeatureStack(values=values, name="a", overlay=image), upsampler)
    weights = weights_of(attention.pixels, attention.shares, 36)
    row = weights.rows(np.arange(12 * 24, 13 * 24)) @ values.reshape(36)
    assert row[:10].max() < 0.1
    assert row[10:].min() > 0.9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
