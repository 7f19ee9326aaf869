"""The Hugging Face hub: whether it answers, and whether a model was downloaded from it before."""

from __future__ import annotations

from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.patience import within

PATIENCE = 3.0
"""Seconds to wait for the hub. Its own client tries for 23 seconds, or minutes."""


def must_be_here(model: str) -> bool:
    """Return whether a model is to be read from this computer alone.

    Parameters
    ----------
    model : str
        Name on the Hugging Face hub, or a folder.

    Returns
    -------
    bool
        True for a folder, and without a connection.

    Raises
    ------
    DatasetError
        If the hub does not answer within `PATIENCE`, and the model was not downloaded before.
    """
    from huggingface_hub import constants

    if Path(model).exists() or constants.HF_HUB_OFFLINE:
        return True
    if not _can_be_asked_for(model) or hub_answers():
        return False
    if not is_downloaded(model):
        raise DatasetError(
            "no connection to the Hugging Face hub",
            expected=f"an answer within {PATIENCE:g} seconds, or a model downloaded before",
            remedy="Connect to the internet and try again, or choose a folder or the filters, "
            "which need no download.",
            file=model,
        )
    return True


def hub_answers() -> bool:
    """Return whether the hub gives any answer, within `PATIENCE`."""
    try:
        return within(PATIENCE, _ask)
    except TimeoutError:
        return False


def is_downloaded(model: str) -> bool:
    """Return whether the configuration of a model is in the cache of the hub's client."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(model, "config.json"), str)


def _ask() -> bool:
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except Exception:  # each version has another client, with errors of its own
        return False
    return True


def _can_be_asked_for(model: str) -> bool:
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(model)
    except HFValidationError:
        return False
    return True
