"""Maps as the benchmarks ask for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import Engine, Preview, whole_map
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.grid import Pixel, whole_region
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack


def map_of(
    engine: Engine | Preview, stack: FeatureStack, *pixels: Pixel, rule: Rule = Rule.BEST
) -> NDArray[np.float32]:
    """Return the map of a stack to one of its pixels, or to several."""
    query = Query.to(*map(stack.vector, pixels), rule=rule)
    region = whole_region(stack.spatial_shape)
    if isinstance(engine, Preview):
        return engine.map_of(query, region)
    return whole_map(engine.parts(query, region), region)


def wait_until_compiled(stored: NDArray[Any]) -> None:
    """Wait until what multiplies such vectors is compiled."""
    compiled_products(stored).result()
