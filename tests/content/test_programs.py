"""Holds the programs beside the service to what a newcomer tries first. Must never run one of them in earnest."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import integrations.conftest  # noqa: F401 (names what pytest is to rewrite, which bench imports)

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(
    f"{path.parent.name}.{path.stem}"
    for folder in ("bench", "scripts")
    for path in (ROOT / folder).glob("[!i]*.py")  # inside*.py are run by another, in a system of their own
    if '__name__ == "__main__"' in path.read_text()
)
UNEXPLAINED = re.compile(r"^  (-\S+(?: \S+)*)\n(?! {10})", re.MULTILINE)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_is_asked_for_help_tells_what_it_is_and_does_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    program = import_module(name)
    with pytest.raises(SystemExit) as ended:
        program.main()
    told = capsys.readouterr().out or str(ended.value)
    assert " ".join((program.__doc__ or "").split()[:8]) in " ".join(told.split())
    assert not UNEXPLAINED.findall(told)
