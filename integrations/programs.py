"""Owns how a test runs an application as a program of its own, with a directory for all that it writes. Must never
leave one behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import eventually
from integrations.contract import Front
from tests.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.contract import MakeFront

    Command = Callable[[int], Sequence[str]]


@contextmanager
def program(command: Command, environ: Mapping[str, str], cwd: Path) -> Iterator[Front]:
    """A program that listens on the port which its command is made for, until the end of the block. What it prints
    goes to `program.log` in its directory, which is also where it may write anything else (`HOME`, `TMPDIR`)."""
    directory, port = Path(tempfile.mkdtemp(prefix="front-")), free_port()
    try:
        with started(command(port), port, directory, environ, cwd):
            yield Front(port, directory)
    finally:
        shutil.rmtree(directory)


@contextmanager
def started(
    command: Sequence[str], port: int, directory: Path, environ: Mapping[str, str], cwd: Path
) -> Iterator[None]:
    """A command that listens on this port, until the end of the block; all that it writes goes to this directory."""
    own = {"HOME": str(directory), "TMPDIR": str(directory), **environ}
    with (directory / "program.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=cwd, env={**os.environ, **own})
    try:
        eventually(partial(_listens, process, port, directory), 30, "the program did not start")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(process: subprocess.Popen[bytes], port: int, directory: Path) -> bool:
    assert process.poll() is None, (directory / "program.log").read_text()
    return listens(port)


@contextmanager
def fronts(command: Command, cwd: Path, service: Service, platform: StandIn) -> Iterator[MakeFront]:
    """`make_front` of the contract for an application that reads `REDIRECT_SERVICE`, `REDIRECT_KEY`, `ON_ERROR` and
    `PLATFORM`, the port of the platform, from its environment."""
    with ExitStack() as running:

        def make(
            asked: int | None = None, *, on_error: str = "open", key: str = "demo", behind: int | None = None
        ) -> Front:
            environ = {
                "REDIRECT_SERVICE": f"http://127.0.0.1:{asked or service.port}",
                "REDIRECT_KEY": key,
                "ON_ERROR": on_error,
                "PLATFORM": str(behind or platform.port),
            }
            return running.enter_context(program(command, environ, cwd))

        yield make
