"""Owns the way in from the shell. Must never show a traceback for an operator's mistake."""

from __future__ import annotations

import os
import sys

from redirect.adapters.processes import forbid_core_dumps
from redirect.cli import application
from redirect.domain.errors import RedirectError


def main() -> None:
    """Run the command line; exit with 2 where a setting, file or list is at fault."""
    forbid_core_dumps()
    os.umask(0o077)  # what is written here is for the user who runs it
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
    except RedirectError as error:
        _give_up(str(error))
    except OSError as error:
        _give_up(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")


def _give_up(why: str) -> None:
    print(f"redirect: {why}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


if __name__ == "__main__":
    main()
