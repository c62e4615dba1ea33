"""Owns the files of officers' videos. Must never send a file that no video names, nor leave one behind in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import FileResponse

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

HEADERS = {
    "Cache-Control": "no-store",  # others may use the same device
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class MediaFile:
    """One file, in ranges where a player asks for them."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path = path
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await FileResponse(self._path, media_type=self._kind, headers=HEADERS)(scope, receive, send)
