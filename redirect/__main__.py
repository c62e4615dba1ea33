"""Owns the way in from the shell. Must never show a traceback for an operator's mistake."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from redirect.adapters.processes import forbid_core_dumps
from redirect.domain.errors import RedirectError
from redirect.proxies.commands import NAMES, proxies

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Run the command line; exit with 2 where a setting, file or list is at fault."""
    forbid_core_dumps()
    os.umask(0o077)  # what is written here is for the user who runs it
    try:
        _commands()()
    except RedirectError as error:
        _give_up(str(error))
    except OSError as error:
        _give_up(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")


def _commands() -> Callable[[], None]:
    """All of them, or only those beside a proxy, which are there ten times as soon and with a third of the memory."""
    if sys.argv[1:2] and sys.argv[1] in NAMES:
        return proxies
    from redirect.cli import app  # noqa: PLC0415 (it loads the whole service)

    return app


def _give_up(why: str) -> None:
    print(f"redirect: {why}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


if __name__ == "__main__":
    main()
