"""Owns reading a Dockerfile and carrying it out in plain directories. Must never pass over an instruction that it does
not know.

Every stage is a directory; steps run in it by `run`, which says how.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    Run = Callable[[Path, Sequence[str], Mapping[str, str]], None]

TOLD = ("EXPOSE", "STOPSIGNAL", "VOLUME")
"""For whoever runs the image; nothing to do here."""


@dataclass
class Image:
    """What a stage has come to."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    work: str = "/"
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction and what follows it, on one line."""
    plain = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", plain).splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def follow(file: Path, base: Path, scratch: Path, run: Run) -> Image:
    """The last stage. Every FROM stands for `base`."""
    stages: dict[str, Image] = {}
    image = Image(base)
    for name, rest in instructions(file.read_text()):
        if name == "FROM":
            image = _stage(rest, base, scratch, stages)
        elif name == "RUN":
            step = f"cd {shlex.quote(image.work)} && {rest}"
            run(image.root, ["/bin/sh", "-c", step], image.environ)
        elif name == "COPY":
            _copy(rest, image, file.parent, stages)
        elif name != "ARG" and name not in TOLD:
            _note(name, rest, image)
    return image


def _stage(rest: str, base: Path, scratch: Path, stages: dict[str, Image]) -> Image:
    name = rest.partition(" AS ")[2] or str(len(stages))
    stages[name] = Image(scratch / f"stage-{name}")
    subprocess.run(["cp", "--archive", base, stages[name].root], check=True)
    return stages[name]


def _copy(rest: str, image: Image, context: Path, stages: Mapping[str, Image]) -> None:
    option, *words = rest.split()
    if not option.startswith("--from="):
        option, words = "", [option, *words]
    *sources, target = words
    into = image.root / str(PurePosixPath(image.work, target)).strip("/")
    for source in sources:
        found = stages[option.removeprefix("--from=")].root / source.strip("/") if option else context / source
        if found.is_dir():
            shutil.copytree(found, into, symlinks=True, ignore=None if option else _ignored(context))
        else:
            into.mkdir(exist_ok=True)
            shutil.copy2(found, into)


def _ignored(context: Path) -> Callable[[str, list[str]], list[str]]:
    """What .dockerignore leaves out wherever it stands."""
    lines = (context / ".dockerignore").read_text().splitlines()
    patterns = [line.removeprefix("**/") for line in lines if line.startswith("**/")]
    return lambda _, names: [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]


def _note(name: str, rest: str, image: Image) -> None:
    match name:
        case "ENV":
            image.environ |= dict(word.split("=", 1) for word in shlex.split(rest))
        case "WORKDIR":
            image.work = rest
            (image.root / rest.strip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = rest
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(rest.partition("CMD ")[2])
        case _:
            raise ValueError(f"no way is known to carry out {name}")
