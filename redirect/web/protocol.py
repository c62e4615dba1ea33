"""Owns what is not yet a request: heads without end, bytes that are no HTTP. Must never write any of it anywhere."""

from __future__ import annotations

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 1 << 17
"""Bytes after which a head that has not ended ends the connection; reading on would cost the square of its length."""


def protocol_with_help(page: bytes) -> type[HttpToolsProtocol]:
    """The server's protocol, bounded, and with a page of help for what is no request: somebody may be reading."""

    class HelpingProtocol(HttpToolsProtocol):
        """One connection."""

        _in_head = True
        _head = 0

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                if self._head > HEAD_LIMIT:
                    self.transport.close()
                    return
                self._head += len(data)
            super().data_received(data)

        def on_message_begin(self) -> None:
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head, self._head = False, 0
            super().on_headers_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (a fixed text of the library)
            status = HTTPStatus.BAD_REQUEST
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\n"
                "content-type: text/html; charset=utf-8\r\n"
                f"content-length: {len(page)}\r\n"
                "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + page)
            self.transport.close()

    return HelpingProtocol
