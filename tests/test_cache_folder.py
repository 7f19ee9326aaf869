from __future__ import annotations

from pathlib import Path

from napari_ifealid.cache_folder import CACHE_VARIABLE, cache_folder


def test_user_has_a_cache(monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda project: Path("caches") / project)
    assert cache_folder() == Path("caches/napari-ifealid")


def test_variable_names_another_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
