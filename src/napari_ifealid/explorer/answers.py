"""What answers questions about the pixels of one grid."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ifealid.explorer.classifier import Classifier
from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.map_maker import MapMaker
from napari_ifealid.explorer.reference_vectors import ReferenceVectors
from napari_ifealid.explorer.session_question import AnyReference


@dataclass(frozen=True, eq=False)
class Answers:
    """The objects that answer questions: about a stack's own pixels, or about its image's.

    Parameters
    ----------
    pixels : ComparedPixels
    owner : EngineOwner
    vectors : ReferenceVectors
    maker : MapMaker
    classifier : Classifier
    is_whole : bool, optional
        Whether all pixels have the vectors that they will have; else those of a window have.
    """

    pixels: ComparedPixels
    owner: EngineOwner
    vectors: ReferenceVectors
    maker: MapMaker
    classifier: Classifier[AnyReference]
    is_whole: bool = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return self.maker.is_idle and self.classifier.is_idle

    def close(self) -> None:
        """Stop all that is under way, and give back the engine."""
        self.maker.stop()
        self.classifier.stop()
        self.vectors.stop()
        self.owner.close()
