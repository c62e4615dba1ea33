"""Owns what a caller is told of its limit (draft-ietf-httpapi-ratelimit-headers). Must never name the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from redirect.domain.access import Limit


class Spent(NamedTuple):
    """After a call: how many are left, after how many seconds all are, and the seconds to wait where it was refused,
    else 0."""

    left: int
    reset: int
    wait: int


def headers(policy: str, limit: Limit, spent: Spent) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit`, and `Retry-After` (RFC 9110) where the call was refused."""
    told = {
        "RateLimit-Policy": f'"{policy}";q={limit.most};w={limit.seconds}',
        "RateLimit": f'"{policy}";r={spent.left};t={spent.reset}',
    }
    return told | {"Retry-After": str(spent.wait)} if spent.wait else told
