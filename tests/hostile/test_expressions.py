"""Every regular expression of the package, against texts made to keep it busy: none takes more than the length of a
text asks for."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from functools import cache
from pathlib import Path
from re import _parser as parser
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import redirect
from redirect.web.forward import _own_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(redirect.__file__).parent
WAYS = ("match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")
ANYWHERE = set(WAYS) - {"match", "fullmatch"}
MADE_LATER = {
    "adapters/record_files.py": "later",
    "domain/fold_table.py": "ranges",
    "domain/wording.py": "verb",
    "web/forward.py": "public.path",
    "web/routes.py": "base.encode()",
}
"""Files with an expression that is only known when it runs, and what its source contains."""
MATCHED = {"_OPENINGS"}
"""Tables of expressions that are tried at the beginning of a text alone."""
SHORT, LONG = 1 << 10, 1 << 13
"""Characters: what is read from outside has at most 4,096 at a time, or is a file of the operator's own."""
STEPS = 3.0
"""By how much more than its length a text may cost more."""
UNHEARD = 0.004
"""Seconds that are nothing, however they came about."""


class Expression(NamedTuple):
    """One expression and where it stands. `anywhere`: it is also looked for inside a text."""

    where: str
    pattern: re.Pattern[Any]
    anywhere: bool


def expressions() -> Iterator[Expression]:
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in found:
            yield from _of(call, path, path.read_text())


def _of(call: ast.Call, path: Path, source: str) -> Iterator[Expression]:
    name = path.relative_to(ROOT).as_posix()
    where = f"{name}:{call.lineno}"
    for keyword in call.keywords:
        if keyword.arg == "pattern":
            yield Expression(where, re.compile(_value(keyword.value, path)), anywhere=True)
    if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "re"):
        return
    used = call.func.attr
    if used in {"escape", "Pattern"}:
        return
    try:
        pattern = re.compile(*(_value(part, path) for part in [call.args[0], *_flags(call)]))
    except NameError:
        assert MADE_LATER[name] in ast.unparse(call), where
        return
    yield Expression(where, pattern, anywhere=used in ANYWHERE or (used == "compile" and _is_sought(call, source)))


def _flags(call: ast.Call) -> list[ast.expr]:
    assert isinstance(call.func, ast.Attribute)
    named = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    return named or (call.args[1:2] if call.func.attr == "compile" else [])


def _is_sought(call: ast.Call, source: str) -> bool:
    """Whether the name that it has is followed by a way to look anywhere, in its module or in another."""
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.lineno <= call.lineno <= (
            statement.end_lineno or 0
        ):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            name = ast.unparse(target).rpartition(".")[2]
            return name not in MATCHED and any(f"{name}.{way}(" in text for way in ANYWHERE for text in _sources())
    return True


@cache
def _sources() -> list[str]:
    return [path.read_text() for path in sorted(ROOT.rglob("*.py"))]


def _value(node: ast.expr, path: Path) -> Any:
    """What an expression of Python is, among the names of its module."""
    return eval(compile(ast.Expression(node), str(path), "eval"), dict(vars(_module(path))))  # noqa: S307


@cache
def _module(path: Path) -> ModuleType:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return importlib.import_module(".".join(parts).removesuffix(".__init__"))


def letters(pattern: re.Pattern[Any]) -> list[str]:
    """Characters that stand in an expression, or may: the ones worth repeating."""
    flat = str(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else 0))
    found = {chr(int(code)) for code in re.findall(r"\((?:LITERAL|NOT_LITERAL), (\d+)\)", flat)}
    ranges = re.findall(r"\(RANGE, \((\d+), (\d+)\)\)", flat)
    found |= {chr(int(code)) for pair in ranges for code in pair}
    return sorted({"a", "0", " ", "."} | {one for one in found if isinstance(pattern.pattern, str) or ord(one) < 256})


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Beginnings, what is repeated after them, and an end that fits nothing."""
    chosen = letters(pattern)[:12]
    for pump in (*chosen, *("".join(pair) for pair in itertools.permutations(chosen[:6], 2))):
        yield "", pump, "\x01"
    for first, pump in itertools.product(chosen[:6], chosen[:6]):
        yield first, pump, "\x01\n"


def cost(run: Callable[[Any], object], text: Any) -> float:
    """Seconds of this thread alone, so that a busy machine changes little."""
    begun = time.thread_time()
    run(text)
    return time.thread_time() - begun


def ensure_linear(expression: Expression, start: str, pump: str, end: str) -> None:
    pattern = expression.pattern
    runs: list[Callable[[Any], object]] = [pattern.fullmatch, pattern.match]
    if expression.anywhere:
        runs = [lambda text: sum(1 for _ in pattern.finditer(text))]

    def text(length: int) -> Any:
        made = start + pump * (length // len(pump)) + end
        return made if isinstance(pattern.pattern, str) else made.encode("latin-1")

    for run in runs:
        for length in (20, 26, 200, SHORT):  # what doubles with each character shows before it hangs
            assert cost(run, text(length)) < 0.5, (expression.where, start, pump)
        if cost(run, text(LONG)) > UNHEARD:
            many = min(cost(run, text(LONG)) for _ in range(3))
            few = min(cost(run, text(SHORT)) for _ in range(3))
            assert many < UNHEARD or many < few * STEPS * LONG / SHORT, (expression.where, start, pump, many)


def test_every_expression_is_found() -> None:
    found = list(expressions())
    assert len(found) > 100
    assert {name for name in MADE_LATER if not (ROOT / name).exists()} == set()


def test_none_takes_more_than_a_text_is_long() -> None:
    for expression in expressions():
        for attack in attacks(expression.pattern):
            ensure_linear(expression, *attack)


@pytest.mark.parametrize("path", ["", "/safety"])
def test_nor_does_the_one_that_settings_make(path: str) -> None:
    own = Expression("forward", _own_page(f"https://blocked.example{path}"), anywhere=False)
    for attack in attacks(own.pattern):
        ensure_linear(own, *attack)
    ensure_linear(own, f"https://blocked.example{path}", "/w/a", "\x01")
    ensure_linear(own, f"https://blocked.example:1{path}/w", "/a", "\x01")
