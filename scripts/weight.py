"""Owns what the core weighs once installed. Must never leave out anything but what Python compiles by itself.

python -m scripts.weight
"""

from __future__ import annotations

import argparse
import re
from importlib.metadata import distribution
from pathlib import Path

LIMIT = 100_000_000
"""Bytes of the files of all packages in requirements.txt and of our own. What Python compiles of them is left out: it
can be had or not (`pip install --no-compile`), and depends on the version of Python."""
REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def of_dependencies() -> dict[str, int]:
    """Bytes by package, of those that are installed here; the heaviest first."""
    names = re.findall(r"^([\w.-]+)==", REQUIREMENTS.read_text(), re.MULTILINE)
    found = {name: of(name) for name in names}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def of(name: str) -> int:
    """Bytes of one package as its author shipped it."""
    files = [Path(str(file.locate())) for file in distribution(name).files or []]
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file())


def main() -> None:
    argparse.ArgumentParser(prog="python -m scripts.weight", description=__doc__).parse_args()
    weights = of_dependencies()
    for name, weight in weights.items():
        print(f"{name:24} {weight / 1e6:6.1f} MB")
    print(f"{'together':24} {sum(weights.values()) / 1e6:6.1f} MB, of {LIMIT / 1e6:.0f} with our own wheel")


if __name__ == "__main__":
    main()
