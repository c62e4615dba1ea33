"""Owns how a fuzz target is run: by atheris, which follows coverage, or over bytes of hypothesis where atheris has
no wheel for this Python. Must never leave a corpus behind; only an input that failed is kept, and named.

    python -m tests.fuzz.fold [SECONDS]
    python -m tests.fuzz.fold FILE          once more, with an input that failed
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    Target = Callable[[bytes], None]

HAS_ATHERIS: Final = find_spec("atheris") is not None
LONGEST: Final = 12_000
SLOWEST: Final = 5
"""Seconds that one input may take, instrumented and on a busy machine, before it counts as hanging."""
MOST_MEMORY: Final = 2048
EACH_ROUND: Final = 50
SHORTEST: Final = 3
FROM_SEED: Final = 16
"""One input in so many is made from a seed anew, the others from what has led to a new branch."""


def instrumented() -> AbstractContextManager[Any]:
    """Around the imports of what is fuzzed, so that atheris sees which branches an input takes."""
    if not HAS_ATHERIS:
        return nullcontext()
    context: AbstractContextManager[Any] = import_module("atheris").instrument_imports(include=["redirect"])
    return context


def run(name: str, target: Target, seeds: Sequence[bytes]) -> None:
    """Feed `target` for as many seconds as the command line says, or with one file. An error ends the process."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "3"
    if not wanted.isdecimal():
        target(Path(wanted).read_bytes())
        return
    for seed in seeds:
        target(seed)
    if HAS_ATHERIS:
        _by_coverage(name, target, seeds, int(wanted))
    else:
        print(f"fuzz {name}: atheris is not installed for this Python; hypothesis makes the bytes", flush=True)
        _by_hypothesis(target, seeds, int(wanted))


def _by_coverage(name: str, target: Target, seeds: Sequence[bytes], seconds: int) -> None:
    atheris = import_module("atheris")

    def mutate(data: bytes, longest: int, number: int) -> bytes:
        """Seeds come in here and not from files: libFuzzer ends the process without a chance to remove any."""
        from_seed = len(data) < SHORTEST or number % FROM_SEED == 0
        mutated: bytes = atheris.Mutate(seeds[number // FROM_SEED % len(seeds)] if from_seed else data, longest)
        return mutated

    options = {
        "max_total_time": seconds,
        "max_len": LONGEST,
        "len_control": 0,
        "timeout": SLOWEST,
        "rss_limit_mb": MOST_MEMORY,
        "artifact_prefix": str(Path(tempfile.gettempdir()) / f"rd-fuzz-{name}-"),
        "print_final_stats": 1,
    }
    atheris.Setup([name, *(f"-{option}={value}" for option, value in options.items())], target, custom_mutator=mutate)
    atheris.Fuzz()


def _by_hypothesis(target: Target, seeds: Sequence[bytes], seconds: int) -> None:
    @settings(max_examples=EACH_ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_mutated(seeds))
    def each(data: bytes) -> None:
        target(data)

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        each()


def _mutated(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes from nowhere, and seeds with some bytes of theirs replaced, removed or added."""
    edit = st.tuples(st.integers(0, LONGEST), st.integers(0, 16), st.binary(max_size=16))
    edited = st.builds(_edited, st.sampled_from(seeds), st.lists(edit, max_size=6))
    return st.one_of(st.binary(max_size=LONGEST), edited)


def _edited(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    data = bytearray(seed)
    for place, length, other in edits:
        at = place % (len(data) + 1)
        data[at : at + length] = other
    return bytes(data[:LONGEST])
