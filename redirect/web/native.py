"""Owns the faces that an answer carries on request, for platforms that show them themselves. Must never hold up an
answer that asks for none, nor lose one because a face broke."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from redirect.domain.subject import Wanted
from redirect.journeys.show import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.journeys.check import Answer
    from redirect.journeys.show import Show
    from redirect.journeys.views import Opened
    from redirect.web.faces import Faces

FACES_KEPT: Final = 64
PROGRAM: Final = Reader()


class Native:
    """Adds faces to answers. `note` counts what breaks."""

    def __init__(self, show: Show, faces: Faces, note: Callable[[str], None]) -> None:
        self._show = show
        self._faces = faces
        self._note = note
        # Keyed by the situation that a page's address stands for, as pages are.
        self._kept = lru_cache(FACES_KEPT)(self._write)
        self.forget = self._kept.cache_clear

    def added(self, answer: Answer, wanted: Wanted) -> Answer:
        """The answer with a face of the page that it names; the same answer where it names none."""
        if answer.page is None:
            return answer
        try:
            opened = self._show.open(answer.page.rpartition("/")[2], PROGRAM)
            return replace(answer, **{wanted.value: self._kept(opened, wanted)})
        except Exception as error:  # noqa: BLE001 (the answer itself says where to send the person)
            self._note(f"a face broke ({type(error).__name__})")
            return answer

    def _write(self, opened: Opened, wanted: Wanted) -> Any:
        if wanted is Wanted.MATRIX:
            return self._faces.matrix(self._show.in_each_language(opened))
        return self._faces.card(self._show.summary(opened.statement))
