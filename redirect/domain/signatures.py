"""Owns what a signature must say and cover, and the text that is signed: the part of RFC 9421 that a platform's calls
need, with HMAC and SHA-256 alone. Must never hold a secret, nor take a signature that leaves open what is asked.

One signature, in the form that the RFC gives it: what is written in another way, though it may mean the same, is
refused rather than read.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ALGORITHM: Final = "hmac-sha256"
WINDOW: Final = 60
"""Seconds for which a signed request is good, and by which the clocks of the two sides may differ."""
HEADER_LIMIT: Final = 2048
"""Characters of a header that is read here."""

_NAME = "[a-z*][a-z0-9_.*-]*"
_INPUT: Final = re.compile(
    rf'({_NAME})=(\(("[a-z0-9@-]+"(?: "[a-z0-9@-]+")*)\)((?:;{_NAME}(?:=(?:[0-9]{{1,15}}|"[ !#-\[\]-~]*"))?)*))'
)
_PARAMETER: Final = re.compile(rf';({_NAME})(?:=(?:([0-9]+)|"([^"]*)"))?')
_VALUE: Final = re.compile(rf"({_NAME})=:([A-Za-z0-9+/]{{43}}=):")
_DIGEST: Final = re.compile(r"(?:^|, ?)sha-256=:([A-Za-z0-9+/]{43}=):(?=$| ?,)")


class Signature(NamedTuple):
    """What a request says of its signature. `covered` are names of components, `signed_as` how the signature itself
    names them and its parameters; `expires` is 0 where there is none."""

    key_id: str
    covered: tuple[str, ...]
    signed_as: str
    created: int
    expires: int
    value: bytes

    def ensure_timely(self, now: float) -> None:
        """Raise BadRequest where the time of the signature is over, or has not come."""
        if abs(now - self.created) > WINDOW or (self.expires and now > self.expires):
            raise BadRequest("signature-late")

    def ensure_covers(self, needed: Collection[str]) -> None:
        """Raise BadRequest where one of these components could be changed by whoever passes the request on."""
        if not set(needed).issubset(self.covered):
            raise BadRequest("signature-incomplete")

    def text(self, values: Mapping[str, str]) -> bytes:
        """What was signed, by the values of components. Raises BadRequest where one of them is not there."""
        if not set(self.covered).issubset(values):
            raise BadRequest("signature-incomplete")
        return base([(name, values[name]) for name in self.covered], self.signed_as)


def base(components: Collection[tuple[str, str]], signed_as: str) -> bytes:
    """The signature base (RFC 9421, 2.5)."""
    lines = [f'"{name}": {value}' for name, value in (*components, ("@signature-params", signed_as))]
    return "\n".join(lines).encode("latin-1")


def read(signature_input: str, signature: str) -> Signature:
    """The one signature of a request, by its two headers. Raises BadRequest."""
    given = _INPUT.fullmatch(signature_input[:HEADER_LIMIT])
    value = _VALUE.fullmatch(signature[:HEADER_LIMIT])
    if not given or not value or given[1] != value[1]:
        raise BadRequest("signature-unreadable")
    named = _PARAMETER.findall(given[4])
    numbers = {name: int(number) for name, number, _ in named if number}
    texts = {name: text for name, number, text in named if not number}
    covered = tuple(given[3].replace('"', "").split(" "))
    is_ours = texts.get("alg", ALGORITHM) == ALGORITHM and texts.get("keyid") and "created" in numbers
    if not is_ours or len(set(covered)) < len(covered) or len({name for name, *_ in named}) < len(named):
        raise BadRequest("signature-unreadable")
    return Signature(
        key_id=texts["keyid"],
        covered=covered,
        signed_as=given[2],
        created=numbers["created"],
        expires=numbers.get("expires", 0),
        value=base64.b64decode(value[2]),
    )


def digest_in(content_digest: str) -> bytes:
    """The SHA-256 in a Content-Digest header (RFC 9530). Raises BadRequest where there is none."""
    found = _DIGEST.findall(content_digest[:HEADER_LIMIT])
    if len(found) != 1:
        raise BadRequest("digest-wrong")
    return base64.b64decode(found[0])
