"""redirect: what a platform answers when someone searches for, or opens, child sexual abuse material.

Owns the version and the one name for platforms that match in their own process. Must never import anything
before it is asked for, so that every part stays loadable on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redirect.local import LocalChecker

__version__ = "0.1.0"
__all__ = ["LocalChecker", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "LocalChecker":
        from redirect.local import LocalChecker  # noqa: PLC0415 (heavy, and only here asked for)

        return LocalChecker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
