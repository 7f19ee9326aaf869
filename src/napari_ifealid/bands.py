"""What files tell of features beside their labels: of the bands of a cube, or of its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from napari_ifealid.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class Bands:
    """What is known of the features of a stack, each in their order. Their wavelengths are labels.

    Parameters
    ----------
    widths : tuple of float, length C, optional
        Full width at half maximum of each, in the unit of the labels.
    is_good : tuple of bool, length C, optional
        Which ones are compared with, unless the user chooses others; all of them unless given.
    shown : tuple of int
        Those that the file proposes for a picture: red, green and blue, or a single one for grey.
    colours : tuple of str, length C, optional
        The colour of each in a picture, as in ``"#00ff00"``: of the channels of a microscope.
    """

    widths: tuple[float, ...] | None = None
    is_good: tuple[bool, ...] | None = None
    shown: tuple[int, ...] = ()
    colours: tuple[str, ...] | None = None

    def check(self, feature_count: int) -> None:
        """Raise unless this fits a number of features.

        Parameters
        ----------
        feature_count : int

        Raises
        ------
        DatasetError
            If it does not.
        """
        for name, what in (("widths", "widths"), ("is_good", "flags"), ("colours", "colours")):
            values = getattr(self, name)
            if values is not None and len(values) != feature_count:
                raise DatasetError(
                    f"{len(values)} {what} of bands",
                    expected=f"one for each of the {feature_count} features",
                    remedy="Give as many as there are features, or none.",
                )
        if len(self.shown) not in (0, 1, 3) or not all(
            0 <= band < feature_count for band in self.shown
        ):
            raise DatasetError(
                f"the bands {self.shown} for a picture",
                expected=f"three or one of the {feature_count} features, or none",
                remedy="Name others, or none.",
            )

    def of(self, features: Sequence[int]) -> Bands:
        """Return what is known of some of the features, in this order.

        Parameters
        ----------
        features : sequence of int
        """
        chosen = {
            field.name: tuple(getattr(self, field.name)[feature] for feature in features)
            for field in fields(self)
            if field.name != "shown" and getattr(self, field.name) is not None
        }
        is_shown = all(feature in features for feature in self.shown)
        shown = tuple(map(features.index, self.shown)) if is_shown else ()
        return replace(self, shown=shown, **chosen)
