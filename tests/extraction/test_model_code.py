from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.model_code import check_no_code


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"model_type": "resnet", "auto_map": {}},
        {"attn_implementation": "sdpa", "_attn_implementation": None},
    ],
)
def test_settings_without_code_are_let_through(settings, tmp_path):
    (tmp_path / "config.json").touch()
    check_no_code(str(tmp_path), settings)
    check_no_code("facebook/dinov2-small", settings)


def test_few_of_many_files_are_named(tmp_path):
    for letter in "dcba":
        (tmp_path / f"{letter}.py").touch()
    with pytest.raises(DatasetError, match=r"\(a.py, b.py, c.py\), which is not run") as caught:
        check_no_code(str(tmp_path), {})
    assert caught.value.file == str(tmp_path)


@pytest.mark.parametrize("key", ["auto_map", "custom_pipelines"])
def test_settings_that_name_code_are_refused(key):
    with pytest.raises(DatasetError, match=f"'{key}' in config.json"):
        check_no_code("someone/model", {key: {"AutoConfig": "code.C"}})


def test_settings_that_name_compiled_code_on_the_hub_are_refused():
    with pytest.raises(DatasetError, match=r"'attn_implementation' in config\.json"):
        check_no_code("someone/model", {"attn_implementation": {"": "someone/kernel"}})
