"""Which sessions are asked for maps, and the one that the references are taken in."""

from __future__ import annotations

from collections.abc import Callable

from napari_ifealid.explorer.inquiry import Inquiry
from napari_ifealid.explorer.links import Links, is_linked_by_place
from napari_ifealid.explorer.session import Session


class Asking:
    """Asks the explored session and the linked ones for the maps of the same references.

    Parameters
    ----------
    inquiry : Inquiry
    links : Links
    asked_anew : callable
        Called when the explored session has been asked for similarities.
    """

    def __init__(self, inquiry: Inquiry, links: Links, asked_anew: Callable[[], None]) -> None:
        self._inquiry = inquiry
        self._links = links
        self._asked_anew = asked_anew
        self._explored: Session | None = None
        self._held: Session | None = None  # another than the explored one

    @property
    def explored(self) -> Session | None:
        """The session that is explored."""
        return self._explored

    @property
    def session(self) -> Session | None:
        """The session that the references are taken in.

        It is the explored one, unless the reference is held in a linked stack of another image.
        """
        return self._explored if self._held is None else self._held

    @property
    def sessions(self) -> list[Session]:
        """All sessions that are asked."""
        explored = () if self._explored is None else (self._explored,)
        return [*explored, *self._links.sessions]

    @property
    def dependent_sessions(self) -> list[Session]:
        """Those that are asked for the vectors of the one that the references are taken in."""
        asking = self.session
        if asking is None:
            return []
        return [
            session
            for session in self.sessions
            if session is not asking and not is_linked_by_place(session, asking)
        ]

    def explore(self, session: Session, held: Session | None) -> None:
        """Explore a session, which is not asked yet.

        Parameters
        ----------
        session : Session
        held : Session, optional
            In which the references are taken still, if it is linked and of another image.
        """
        self._explored = session
        is_carried = (
            held is not None
            and held in self._links.sessions
            and self._links.holds(session)
            and not is_linked_by_place(session, held)
        )
        self._held = held if is_carried else None

    def leave(self) -> Session | None:
        """Explore nothing; return the session that was explored."""
        session, self._explored, self._held = self._explored, None, None
        return session

    def ask(self) -> None:
        """Ask each session for the map that is wanted."""
        for session in self.sessions:
            self.ask_one(session)

    def ask_one(self, session: Session) -> None:
        """Ask a session for the map that is wanted."""
        is_compared = self._inquiry.ask(session, self.session or session)
        if is_compared and session is self._explored:
            self._asked_anew()

    def ask_dependent(self) -> None:
        """Ask those that wait for vectors of the session that the references are taken in."""
        for session in self.dependent_sessions:
            self.ask_one(session)

    def ask_here(self) -> bool:
        """Take the references in the explored session; return whether it was another one."""
        was_elsewhere, self._held = self._held is not None, None
        self.ask()
        return was_elsewhere

    @property
    def has_lost_session(self) -> bool:
        """Whether the session that the references are taken in is no longer linked."""
        return self._held is not None and self._held not in self._links.sessions
