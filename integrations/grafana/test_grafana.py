"""Holds the dashboard equal to what `/metrics` has: each metric it names exists, and none tells of people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from conftest import Service

HERE = Path(__file__).parent
DASHBOARD: dict[str, Any] = json.loads((HERE / "redirect.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
README = (HERE / "README.md").read_text()


def names(text: str) -> set[str]:
    return set(re.findall(r"\bredirect_\w+", text))


def metrics(service: Service) -> set[str]:
    families = text_string_to_metric_families(service.get("/metrics").text)
    return {sample.name for family in families for sample in family.samples if not sample.name.endswith("_created")}


def test_every_metric_that_is_drawn_exists_and_every_one_that_exists_is_drawn(demo: Service) -> None:
    assert set().union(*map(names, EXPRESSIONS)) == metrics(demo)
    assert names(README) <= metrics(demo)


def test_nothing_is_asked_by_anything_but_the_node() -> None:
    for expression in EXPRESSIONS:
        assert set(re.findall(r"by \(([^)]*)\)", expression)) == {"instance"}
        assert "{" not in expression


def test_panels_have_names_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        cells = {(x, y) for x in across for y in down}
        assert not cells & taken
        assert max(across) < 24
        assert panel["description"]
        taken |= cells


def test_it_asks_the_prometheus_that_was_chosen_and_nobody_else() -> None:
    (source,) = DASHBOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {f"${{{source['name']}}}"}
    assert not re.search(r"https?://", json.dumps(DASHBOARD))
