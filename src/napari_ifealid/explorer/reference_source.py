"""What references come from beside the cursor and the pins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from psygnal import SignalInstance

from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference


class ReferenceSource(Protocol):
    """Gives references that the user has collected, such as regions or a library's entries."""

    @property
    def changed(self) -> SignalInstance:
        """Signal: there are other references."""

    def references_in(self, session: Session) -> Sequence[AnyReference]:
        """Return the references that a session can be asked for.

        Parameters
        ----------
        session : Session
            Its stack is loaded.
        """
