"""Owns the name servers of the world, as far as a resolver under test sees them. Must never listen beyond loopback."""

from __future__ import annotations

import socket
import threading

ELSEWHERE = {1: bytes([203, 0, 113, 9]), 28: bytes.fromhex("20010db8000000000000000000000009"), 16: b"\5hello"}
"""What the names of the world are: A, AAAA and TXT."""
HINT = bytes.fromhex("0001 00 0004 0004 cb007109")
"""An HTTPS record which says where the site is, so that nobody needs its A."""
TYPES = {**ELSEWHERE, 65: HINT}
BROKEN = "broken"
"""Names below this one cannot be resolved: their server fails."""


class World:
    """Stands in for all name servers of the world: each name has the same addresses. Remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> World:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            self._socket.sendto(self._answer(question), sender)

    def _answer(self, message: bytes) -> bytes:
        labels, at = [], 12
        while length := message[at]:
            labels.append(message[at + 1 : at + 1 + length].decode())
            at += 1 + length
        kind = int.from_bytes(message[at + 1 : at + 3])
        self.asked.append(".".join(labels).lower())
        data = TYPES.get(kind) if len(labels) > 1 else None
        if BROKEN in labels:
            return message[:2] + b"\x81\x82" + message[4:6] + bytes(6) + message[12 : at + 5]
        record = (
            b"" if data is None else b"\xc0\x0c" + kind.to_bytes(2) + bytes([0, 1, 0, 0, 0, 60, 0, len(data)]) + data
        )
        head = message[:2] + b"\x85\x80\0\1" + (b"\0\1" if record else b"\0\0") + bytes(4)
        return head + message[12 : at + 5] + record
