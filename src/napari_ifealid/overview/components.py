"""Principal components of a stack: the directions along which its pixel vectors vary most."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures import Moments
from napari_ifealid.memory import check_memory
from napari_ifealid.overview.aspect import Aspect, parts_of
from napari_ifealid.overview.block_moments import block_moments
from napari_ifealid.overview.run_steps import last_of
from napari_ifealid.overview.stack_blocks import StackBlocks
from napari_ifealid.stack import FeatureStack

MOST_COMPONENTS = 3
"""As many as a picture has colours."""

_ROUNDING = 16 * float(np.finfo(np.float64).eps)
_SHARE_OF_MOMENTS = 0.5  # of the progress; the other half is for the projections


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """The first principal components of a stack, in falling order of variance.

    Parameters
    ----------
    projections : array of float32, shape (..., K)
        Of each pixel vector less the mean. NaN where a pixel is left out.
    axes : array of float64, shape (K, C)
        Orthonormal rows. The largest loading of each, by its absolute value, is positive.
    mean : array of float64, shape (C,)
    variances : array of float64, shape (K,)
        Along each axis; exactly 0 where nothing varies but by rounding.
    total_variance : float
        Along all C axes.
    aspect : Aspect
        What the components are of.
    """

    projections: NDArray[np.float32]
    axes: NDArray[np.float64]
    mean: NDArray[np.float64]
    variances: NDArray[np.float64]
    total_variance: float
    aspect: Aspect

    @property
    def explained(self) -> NDArray[np.float64]:
        """The share of the total variance that each explains, 0 to 1, shape (K,)."""
        if not self.total_variance:
            return np.zeros_like(self.variances)
        shares: NDArray[np.float64] = self.variances / self.total_variance
        return shares


def principal_components(
    stack: FeatureStack, *, aspect: Aspect | str = Aspect.DIRECTIONS
) -> PrincipalComponents:
    """Return the first three principal components of a stack.

    Computed in double precision from all pixels, block by block on all cores; a lazy stack is
    read twice, on the active `dask.distributed` cluster where there is one.

    Parameters
    ----------
    stack : FeatureStack
    aspect : Aspect or str, optional
        "directions": of the pixel vectors at unit length, as the spectral angle sees them; zero
        vectors are left out. "values": of the real values as they are.

    Returns
    -------
    PrincipalComponents
        Three of them, or as many as there are features. Pixels that are not finite are left out.

    Raises
    ------
    ValueError
        If there is no such aspect.
    DatasetError
        If the values of the stack can't be read, or memory is short.

    Examples
    --------
    Two spectra mixed in growing shares vary along one axis only:

    >>> import numpy as np
    >>> from napari_ifealid import FeatureStack, principal_components
    >>> shares = np.linspace(0, 1, 6).reshape(2, 3, 1)
    >>> spectra = shares * [4.0, 0.0, 1.0] + (1 - shares) * [0.0, 4.0, 1.0]
    >>> stack = FeatureStack(values=spectra, name="mixed")
    >>> components = principal_components(stack, aspect="values")
    >>> abs(components.explained.round(6))
    array([1., 0., 0.])
    >>> abs(components.axes[0].round(3))
    array([0.707, 0.707, 0.   ])
    """
    return last_of(component_steps(stack, Aspect(aspect)), stack)


def component_steps(stack: FeatureStack, aspect: Aspect) -> Generator[float | PrincipalComponents]:
    """Find the principal components of a stack step by step, see `principal_components`.

    Yields
    ------
    float or PrincipalComponents
        How much is done, 0 to 1, after each step; the components at the end.
    """
    count = stack.feature_count
    check_memory(4 * 8 * count**2)
    blocks = StackBlocks(stack)
    moments = Moments.none(count)
    for done, (_, part) in enumerate(blocks.results(partial(block_moments, aspect=aspect)), 1):
        moments = moments.joined(part)
        yield _SHARE_OF_MOMENTS * done / len(blocks)
    axes, variances, total = _axes(moments)
    projections = np.full((*stack.spatial_shape, len(axes)), np.nan, np.float32)
    project = partial(_projected, aspect=aspect, axes=axes, mean=moments.mean)
    for done, (region, values) in enumerate(blocks.results(project), 1):
        projections[region] = values
        yield _SHARE_OF_MOMENTS + (1.0 - _SHARE_OF_MOMENTS) * done / len(blocks)
    yield PrincipalComponents(projections, axes, moments.mean, variances, total, aspect)


def _axes(moments: Moments) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the axes of the largest variances, these, and the variance along all axes."""
    assert moments.scatter is not None
    variances, vectors = np.linalg.eigh(moments.scatter / max(moments.count, 1))
    # what is left of equal vectors are rounding errors: of the vectors, and of the solver
    of_vectors = (_ROUNDING * float(np.abs(moments.mean).max())) ** 2
    of_solver = _ROUNDING * float(variances[-1])
    variances[variances <= len(variances) * (of_vectors + of_solver)] = 0.0
    kept = slice(None, -MOST_COMPONENTS - 1, -1)
    axes = vectors.T[kept]
    rows = np.arange(len(axes))
    largest = axes[rows, np.abs(axes).argmax(axis=1)]
    return axes * np.sign(largest)[:, np.newaxis], variances[kept], float(variances.sum())


def _projected(
    block: FeatureStack,
    aspect: Aspect,
    axes: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the projections of a block's pixels, NaN for those that are left out."""
    projections = np.full((block.pixel_count, len(axes)), np.nan, np.float32)
    offset = axes @ mean
    for rows, vectors, is_known in parts_of(block, aspect):
        with np.errstate(invalid="ignore", over="ignore"):  # of pixels that are left out
            values = vectors @ axes.T - offset
            projections[rows][is_known] = values[is_known]
    return projections.reshape(*block.spatial_shape, -1)
