"""Owns the demo: redirect, a search page and nginx before it, until Ctrl-C.

    make demo

Must never listen beyond loopback, touch the nginx of the machine, or leave a program or file behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
START_LIMIT = 60.0
READY = """
Open {address}/ and search for

    weather               results
    zorblax minku         the page (an invented term of the sample list)
    morquil besh tarn     results below a card

"Web" is decided by middleware in the search page, "Images" by nginx alone. What was counted:

    REDIRECT_DATA_DIR={data} .venv/bin/redirect counts

Cells below 10 are not shown, so search often. Ctrl-C ends it, and leaves nothing.
"""


def main() -> None:
    """Start all three, say where, wait."""
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if nginx is None:
        sys.exit("nginx is not installed; on Debian: apt-get install nginx-light")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            _run(stack, nginx, int(os.environ.get("PORT", "8081")))
    except KeyboardInterrupt:
        print("\nEnded.")


def _run(stack: ExitStack, nginx: str, port: int) -> None:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="redirect-demo-")))
    directory.chmod(0o711)  # workers of an nginx that root starts have another user
    service, application = free_port(), free_port()
    address, data = f"http://127.0.0.1:{port}", directory / "var"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
    serve = {"REDIRECT_DATA_DIR": str(data), "REDIRECT_PORT": str(service), "REDIRECT_PUBLIC_URL": f"{address}/safety"}
    asks = {"REDIRECT_SERVICE": f"http://127.0.0.1:{service}", "REDIRECT_KEY": "demo"}
    uvicorn = [BIN / "uvicorn", "--no-access-log", "--log-level", "error", "--app-dir", HERE, "--port", application]
    commands: tuple[tuple[Sequence[object], Mapping[str, str], str], ...] = (
        ([BIN / "redirect", "serve", "--demo"], serve, f"http://127.0.0.1:{service}/readyz"),
        ([*uvicorn, "app:app"], asks, f"http://127.0.0.1:{application}/"),
        (
            [nginx, "-p", directory, "-e", "stderr", "-c", nginx_files(directory, port, application, service)],
            {},
            address,
        ),
    )
    processes = [stack.enter_context(running(command, {**ours, **more}, directory)) for command, more, _ in commands]
    for process, (*_, ready) in zip(processes, commands, strict=True):
        wait(process, ready, directory / "demo.log")
    print(READY.format(address=address, data=data), flush=True)
    while all(process.poll() is None for process in processes):
        time.sleep(0.2)
    sys.exit((directory / "demo.log").read_text() or "one of the programs ended by itself")


def nginx_files(directory: Path, port: int, application: int, service: int) -> Path:
    """The shipped files of the nginx adapter and the demo's own, filled in."""
    shutil.copytree(HERE.parent / "nginx" / "redirect", directory / "redirect")
    changes = {"/var/log/nginx": str(directory), "127.0.0.1:8080": f"127.0.0.1:{service}"}
    for file in (directory / "redirect").iterdir():
        file.write_text(_filled(file.read_text(), changes))
    own = {"DIRECTORY": str(directory), "PORT": str(port), "APPLICATION": str(application)}
    (directory / "nginx.conf").write_text(_filled((HERE / "nginx.conf").read_text(), own))
    return directory / "nginx.conf"


@contextmanager
def running(
    command: Sequence[object], environ: Mapping[str, str], directory: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program until the end of the block. Ctrl-C reaches this one alone, which ends the others in order."""
    with (directory / "demo.log").open("ab") as log:
        process = subprocess.Popen(list(map(str, command)), env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def wait(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    """Until it answers; ends the demo where it does not."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(ready, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{log.read_text()}\nNothing answers at {ready}; is its port taken? PORT=8090 make demo takes another.")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _filled(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    main()
