"""Owns what is asked of a service that was just installed, with nothing but Python's own library. Must never need
anything of this project.

    python3 - < inside.py '{"command": ["redirect", "serve"], "health": [], "weigh": ""}'

`health` is a command that succeeds while the service is well, `weigh` holds the installed packages. Prints
JSON.
"""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ADDRESS = "http://127.0.0.1:8080"
QUERY = "ZORBLAX   minku"
LIST = "kind,value,category,confidence,language,source,expires,note\nterm,zorblax minku,csam,high,,own,,\n"
BUNDLE = "/tmp/bundle"  # noqa: S108 (nobody else is in there)
LIMIT = 60.0
PIP = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth")


def main() -> None:
    plan = json.loads(sys.argv[1])
    found: dict[str, Any] = {"python": platform.python_version()}
    if plan["weigh"]:
        (packages,) = Path(plan["weigh"]).glob("python*/site-packages")
        found["weight"] = weight(packages)
    with subprocess.Popen(plan["command"]) as service:
        try:
            eventually(lambda: ask("/livez")[0] == 200, "it does not answer")
            key = "demo" if "--demo" in plan["command"] else own_list(plan["command"][0])
            eventually(lambda: check(key)["action"] == "block", "the list is not live")
            page = ask(check(key)["page"].removeprefix(ADDRESS))
            service_is_whole(page, plan["health"])
        finally:
            service.send_signal(signal.SIGTERM)
    ensure(service.returncode == 0, f"it ended with {service.returncode}")
    print(json.dumps(found))


def service_is_whole(page: tuple[int, str], health: list[str]) -> None:
    """Pages, API and health answer; messages and catalogues came with the package."""
    ensure(page[0] == 200 and "data-door=" in page[1], "the page lacks its doors")
    ensure(ask("/readyz")[0] == 200, "it is not ready")
    ensure(ask("/en/help/GB")[0] == 200, "no directory")
    ensure(ask("/v1/check", b'{"query":"x"}', "wrong")[0] == 401, "a wrong key passes")
    if health:
        subprocess.run(health, check=True)


def own_list(program: str) -> str:
    """Make a key, and put a list live, as the documents say; the key."""

    def run(*arguments: str, given: str = "") -> str:
        done = subprocess.run([program, *arguments], input=given, capture_output=True, text=True, check=False)
        ensure(done.returncode == 0, done.stdout + done.stderr)
        return done.stdout.strip()

    run("lists", "build", "-", "--shape", "csv", "--out", BUNDLE, given=LIST)
    run("lists", "publish", BUNDLE)
    return run("keys", "create", "--platform", "acme", "--scope", "check")


def check(key: str) -> dict[str, Any]:
    status, text = ask("/v1/check", json.dumps({"query": QUERY, "languages": "de"}).encode(), key)
    answer: dict[str, Any] = json.loads(text) if status == 200 else {"action": ""}
    return answer


def ask(path: str, body: bytes | None = None, key: str = "") -> tuple[int, str]:
    """Status and text; 0 where nothing listens."""
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/html"} if body is not None or path != "/livez" else {}
    request = urllib.request.Request(ADDRESS + path, body, headers)  # noqa: S310 (our own address)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def weight(directory: Path) -> dict[str, int]:
    """Bytes of files, without Python's own installer; apart from them, what Python compiled."""
    ours = [path for path in directory.iterdir() if not path.name.startswith(PIP)]
    files = [file for path in ours for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    compiled = sum(file.stat().st_size for file in files if file.suffix == ".pyc")
    return {"files": sum(file.stat().st_size for file in files) - compiled, "compiled": compiled}


def eventually(true: Any, why: str) -> None:
    end = time.monotonic() + LIMIT
    while not true():
        ensure(time.monotonic() < end, why)
        time.sleep(0.2)


def ensure(true: bool, why: str) -> None:  # noqa: FBT001
    if not true:
        raise SystemExit(f"not held: {why}")


if __name__ == "__main__":
    main()
