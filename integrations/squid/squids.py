"""Owns real Squids that ask redirect, from the shipped files. Must never touch the Squid of the machine: each one runs
in the foreground from a directory of its own, under a name of its own, and is stopped by its own process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import PROGRAM, eventually, needed
from integrations.conftest import PAGES
from integrations.contract import Front
from tests.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
REDIRECT = Path(sys.executable).parent / "redirect"
ORIGIN = b"http://search.example"
NOBODY = "65534"
"""User and group of Squid where tests run as root, since Squid refuses to be root. It keeps the right to read what root
may, or it could not start the program under test."""
RIGHTS = "+dac_read_search,+dac_override"
AS_NOBODY = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
             "--inh-caps", RIGHTS, "--ambient-caps", RIGHTS]  # fmt: skip
CLOSED = {
    "rewrite": {"# adapted_http_access deny": "adapted_http_access deny", "# deny_info 503": "deny_info 503"},
    "acl": {"# http_access deny": "http_access deny", "# deny_info 503": "deny_info 503"},
    "icap": {"bypass=on\n": "bypass=off\n"},
}
"""What its operator changes in the file of each way."""


@dataclass
class Squid(Front):
    """A running Squid with the shipped files of one way, and for ICAP the server beside it. `home` holds what Squid
    reads, `directory` what it writes."""

    home: Path = Path()
    way: str = ""
    name: str = ""
    icap_options: list[str] = field(default_factory=list)
    icap_port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    icap: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> Squid:
        """Start it, and return when it takes connections and has what it asks."""
        if self.way == "icap":
            self.start_icap()
        command = [needed("squid"), "-N", "-n", self.name, "-f", str(self.home / "squid.conf")]
        as_root = AS_NOBODY if os.getuid() == 0 else []
        self.process = self._run([*as_root, *command])
        eventually(lambda: listens(self.port), 30, "Squid did not start")
        eventually(lambda: self.search(b"q=weather").status != 0, 30)
        return self

    def start_icap(self) -> None:
        """Start the ICAP server, and return when it takes connections."""
        self.icap = self._run([*PROGRAM, "icap", "--port", str(self.icap_port), *self.icap_options])
        eventually(lambda: listens(self.icap_port), 30, "the ICAP server did not start")

    def stop_icap(self) -> None:
        """End the ICAP server."""
        if self.icap is not None:
            _end(self.icap)

    def told_to_stop(self) -> None:
        """Tell it to end; it takes its time."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End all of it."""
        if self.process is not None:
            _end(self.process)
        self.stop_icap()
        for shared in Path("/dev/shm").glob(f"{self.name}-*"):  # noqa: S108 (Squid's own, which it leaves if it fails)
            shared.unlink()

    def helpers(self) -> list[int]:
        """Process ids of what Squid has started."""
        assert self.process is not None
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.directory / "output.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)


class Squids:
    """All that a test file starts: `make` is what the contract calls `make_front`."""

    def __init__(self, way: str, service: int, platform: int) -> None:
        self._way = way
        self._service = service
        self._platform = platform
        self._made: list[Squid] = []

    def make(
        self,
        asked: int | None = None,
        *,
        on_error: str = "open",
        key: str = "demo",
        behind: int | None = None,
        changes: Mapping[str, str] | None = None,
        more: str = "",
    ) -> Squid:
        """One as the contract says; `changes` are texts of the shipped files and what to write instead, `more` are
        further lines of squid.conf."""
        home = Path(tempfile.mkdtemp(prefix="squid-"))
        squid = Squid(free_port(), home / "written", ORIGIN, home=home, way=self._way)
        squid.name = f"redirect{squid.port}"
        squid.directory.mkdir()
        self._made.append(squid)
        (home / "key").write_text(key)
        (home / "key").chmod(0o644)  # access(2), which the helper asks first, does not count RIGHTS
        for writable in (home, squid.directory):
            writable.chmod(0o777)
        service = f"http://127.0.0.1:{asked or self._service}"
        squid.icap_options = ["--service", service, "--key-file", str(home / "key"), "--on-error", on_error]
        squid.icap_port = free_port() if self._way == "icap" else 0
        self._write(squid, service, behind or self._platform, {
            **(CLOSED[self._way] if on_error == "closed" else {}), **(changes or {})
        }, more)  # fmt: skip
        return squid.start()

    def _write(self, squid: Squid, service: str, platform: int, changes: Mapping[str, str], more: str) -> None:
        """The shipped squid.conf with the shipped file of this way, in the places of this test."""
        shutil.copytree(HERE / "redirect", squid.home / "redirect")
        shutil.copy(HERE / "squid.conf", squid.home)
        peer = f"cache_peer 127.0.0.1 parent {platform} 0 no-query originserver\nnever_direct allow all\n"
        places = {
            "integrations/squid/redirect/icap.conf": f"{squid.home}/redirect/{self._way}.conf",
            "integrations/squid/": f"{squid.home}/",
            "cache_log /dev/null": f"cache_log {squid.directory}/cache.log",
            "127.0.0.1:8081": f"127.0.0.1:{squid.port}",
            "127.0.0.1:1344": f"127.0.0.1:{squid.icap_port}",
            "/opt/redirect/bin/redirect": str(REDIRECT),
            "/etc/squid/redirect/key": f"{squid.home}/key",
            "http://127.0.0.1:8080/w/": PAGES,
            "http://127.0.0.1:8080": service,
            "http_access allow this": f"{peer}{more}\nhttp_access allow this",
        }
        files = [
            squid.home / "squid.conf",
            squid.home / "redirect" / "logs.conf",
            squid.home / f"redirect/{self._way}.conf",
        ]
        for file in files:
            for old, new in places.items():
                file.write_text(file.read_text().replace(old, new))
        for old, new in changes.items():
            assert any(old in file.read_text() for file in files), f"{old!r} stands in no file"
            for file in files:
                file.write_text(file.read_text().replace(old, new))

    def stop(self) -> None:
        """End all, and remove what they wrote."""
        for squid in self._made:
            squid.told_to_stop()
        for squid in self._made:
            squid.stop()
            shutil.rmtree(squid.home)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
