"""Owns how the reverse proxies are started with what their folders hold, for tests and for the performance table. Must
never choose anything that a README does not."""

from __future__ import annotations

import sys
from pathlib import Path

from conftest import needed
from integrations.shipped import Shipped

HERE = Path(__file__).parent


def _from(name: str, begins: str, ends: str = "") -> str:
    """A part of a shipped file."""
    text = (HERE / name).read_text()
    start = text.index(begins)
    return text[start : text.index(ends, start)] if ends else text[start:]


CADDY = Shipped(
    HERE / "caddy",
    lambda shipped: [needed("caddy"), "run", "--config", str(shipped / "Caddyfile")],
    key=("redirect/key.caddy", "Bearer demo"),
    closed={"handle @undecided {\n\t\t\timport platform\n\t\t}": "respond @undecided 503"},
    places={"/var/log/caddy/": ""},
    without=_from("caddy/Caddyfile", "# Stands in for your platform."),
)
HAPROXY = Shipped(
    HERE / "haproxy",
    lambda shipped: [
        needed("haproxy"),
        *("-f", str(shipped / "redirect/redirect.cfg")),
        *("-f", str(shipped / "haproxy.cfg")),
    ],
    key=("redirect/key", "demo"),
    closed={"lua.redirect open": "lua.redirect closed"},
    places={"/etc/haproxy/": "shipped/"},
    quicker={"timeout connect 5s\n": "timeout connect 5s\n    retries 0\n"},
    own=["redirect-question"],
    without=_from("haproxy/haproxy.cfg", "# Stands in for your platform."),
)
ENVOY = Shipped(
    HERE / "envoy",
    lambda shipped: [
        str(Path(sys.executable).parent / "envoy"),
        *("-c", str(shipped / "envoy.yaml")),
        *("--concurrency", "1", "--file-flush-interval-msec", "100", "--log-level", "warning"),
        "--disable-hot-restart",
    ],
    key=("envoy.yaml", "Bearer demo"),
    closed={"failure_mode_allow: true": "failure_mode_allow: false"},
    places={"/var/log/envoy/": ""},
    without=_from("envoy/envoy.yaml", "    # Stands in for your platform.", "    # end of the stand-in"),
)
