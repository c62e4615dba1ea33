"""Owns how a test runs a host program with the files that an adapter ships, changed only in places and ports. Must
never touch the program or the files of the machine, nor leave one behind."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from integrations.contract import Front
from integrations.programs import started
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Changes = Mapping[str, str]


@dataclass(frozen=True)
class Shipped:
    """What stands in an adapter's folder, and how to start it there. The files have redirect on port 8080, the host
    program on 8081, a platform on 8082, and the key `demo`; `closed` is what its operator changes so that nothing
    undecided passes; `places` are directories of the machine, and what they are within the test's own; `quicker` spares
    tests a wait for a platform that is gone; `own` are names that only one program can have; `without` is the platform
    that the example brings along."""

    folder: Path
    command: Callable[[Path], Sequence[str]]
    key: tuple[str, str]
    closed: Changes
    places: Changes = field(default_factory=dict)
    quicker: Changes = field(default_factory=dict)
    own: Sequence[str] = ()
    without: str = ""

    @contextmanager
    def running(self, asked: int, behind: int, key: str = "demo", changes: Changes | None = None) -> Iterator[Front]:
        """A front that asks on one port and passes on to another; `changes` are texts in its files and what to write
        instead."""
        home, port = Path(tempfile.mkdtemp(prefix="front-")), free_port()
        try:
            files = self._laid_out(home, changes or {})
            ports = {"8080": f"{asked}", "8081": f"{port}", "8082": f"{behind}"}
            places = {text: f"{home}/{place}" for text, place in self.places.items()}
            _edit(files, {**ports, **places, **{text: str(free_port()) for text in self.own}})
            file, line = self.key
            _edit([home / "shipped" / file], {line: line.replace("demo", key)})
            with started(self.command(home / "shipped"), port, home, {}, home / "shipped"):
                yield Front(port, home)
        finally:
            shutil.rmtree(home)

    def _laid_out(self, home: Path, changes: Changes) -> list[Path]:
        shutil.copytree(self.folder, home / "shipped", ignore=shutil.ignore_patterns("*.py", "*.md", "__pycache__"))
        files = [file for file in (home / "shipped").rglob("*") if file.is_file()]
        for text in (self.without, *changes):
            assert any(text in file.read_text() for file in files), f"{text!r} stands in no file"
        _edit(files, {**({self.without: ""} if self.without else {}), **self.quicker, **changes})
        return files

    @contextmanager
    def fronts(self, service: int, platform: int) -> Iterator[Callable[..., Front]]:
        """`make_front` of the contract, which also takes `changes`."""
        with ExitStack() as stack:

            def make(
                asked: int | None = None,
                *,
                on_error: str = "open",
                key: str = "demo",
                behind: int | None = None,
                changes: Changes | None = None,
            ) -> Front:
                changed = {**(self.closed if on_error == "closed" else {}), **(changes or {})}
                return stack.enter_context(self.running(asked or service, behind or platform, key, changed))

            yield make


def _edit(files: Sequence[Path], changes: Changes) -> None:
    for file in files:
        text = file.read_text()
        for old, new in changes.items():
            text = text.replace(old, new)
        file.write_text(text)
