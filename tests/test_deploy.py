"""Holds what runs the service elsewhere: image, compose file, manifests, units. Each is read by its field's tool."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from conftest import needed
from redirect import settings
from scripts.dockerfile import instructions

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
KUBERNETES = "1.32"
UNITS = ("deploy/systemd/redirect.service", "integrations/squid/redirect-icap.service")
MOST_EXPOSED = {"deploy/systemd/redirect.service": 15, "integrations/squid/redirect-icap.service": 25}
"""In tenths, as `systemd-analyze security` counts; it calls up to 20 safe, and 90 and more unsafe."""
DOCUMENTS: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text()))


def manifest(kind: str) -> dict[str, Any]:
    (found,) = (each for each in DOCUMENTS if each["kind"] == kind)
    return found


def ensure_clean(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    ensure_clean(BIN / "hadolint", "--failure-threshold", "style", "Dockerfile")


def test_the_image_installs_by_hash_alone_and_runs_without_rights() -> None:
    told = list(instructions((ROOT / "Dockerfile").read_text()))
    installs = re.findall(r"pip install ([^&]+)", " ".join(rest for name, rest in told if name == "RUN"))
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)
    last = dict(told)  # the last of each name is of the last stage
    assert last["USER"] == "10001:10001"
    assert "/livez" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"].startswith("[")


def test_nothing_of_this_checkout_gets_into_the_image_but_what_is_named() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    copied = {
        word
        for name, rest in instructions((ROOT / "Dockerfile").read_text())
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    }
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied


def test_the_compose_file_is_one_and_takes_every_right_away() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    jsonschema.validate(composed, get_builtin_schema("vendor.compose-spec"))
    service = composed["services"]["redirect"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@pytest.mark.parametrize("kind", sorted(each["kind"] for each in DOCUMENTS))
def test_a_manifest_fits_the_schema_of_kubernetes(kind: str) -> None:
    kubernetes_validate.validate(manifest(kind), KUBERNETES, strict=True)


def test_pods_run_without_rights_on_a_root_that_cannot_be_written() -> None:
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert {"memory"} <= container["resources"]["limits"].keys()
    probes = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_kubernetes_sets_no_variable_that_is_a_setting_of_ours() -> None:
    """For a Service `redirect` it would set REDIRECT_PORT=tcp://…, and the service would not start."""
    assert manifest("Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_service_budget_and_policy_mean_the_pods_of_the_deployment() -> None:
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert manifest("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert manifest("Service")["spec"]["selector"] == labels
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels


@pytest.mark.parametrize("name", UNITS)
def test_systemd_reads_the_unit_and_finds_it_closed(name: str, tmp_path: Path) -> None:
    analyze = needed("systemd-analyze")
    unit = tmp_path / Path(name).name
    unit.write_text(re.sub(r"/opt/redirect/bin/redirect", "/bin/true", (ROOT / name).read_text()))
    ensure_clean(analyze, "verify", "--man=no", unit)
    limit = str(MOST_EXPOSED[name])
    ensure_clean(analyze, "security", "--offline=true", "--no-pager", f"--threshold={limit}", unit)


@pytest.mark.parametrize(
    "name",
    ["Dockerfile", "compose.yaml", "deploy/kubernetes.yaml", "deploy/systemd/redirect.service"],
)
def test_every_setting_named_here_is_one(name: str) -> None:
    known = {name for name, _, _ in settings.explain()}
    assert set(re.findall(r"REDIRECT_[A-Z_]+", (ROOT / name).read_text())) <= known
