"""Holds the documents equal to the code. Must never be mended by making it read less."""

from __future__ import annotations

import re
from pathlib import Path

from redirect import __version__, settings
from redirect.adapters.board import ABOUT
from redirect.adapters.events import Event
from redirect.adapters.ledger import NOTES_KEPT
from redirect.adapters.platforms import load
from redirect.domain import figures, notes
from redirect.domain.counts import CLOSED, TABLES
from redirect.web.gate import COOKIE

ROOT = Path(__file__).parents[2]
READ_BY_ADAPTERS = {"REDIRECT_KEY", "REDIRECT_SERVICE"}
DATA = (ROOT / "docs" / "data.md").read_text()


def test_every_module_says_what_it_must_never_do() -> None:
    modules = [path for folder in ("redirect", "bench", "scripts") for path in (ROOT / folder).rglob("*.py")]
    opening = {path: path.read_text().split('"""', 2)[1:2] for path in modules}
    assert not [path.name for path, said in opening.items() if not said or " never " not in " ".join(said[0].split())]


def test_every_table_of_counts_is_written_down_as_it_is() -> None:
    rows = {
        f"| `{table.name}` | {table.grain.name.lower()} | {', '.join(table.dimensions)} | {table.retention_days} days"
        f" | {table.published_days} days |"
        for table in TABLES.values()
    }
    assert rows == set(re.findall(r"^\| `\w+` \| (?:hour|day) \| .*\|$", DATA, re.MULTILINE))


MERGED = {
    (): "",
    ("languages",): " without languages",
    ("regions",): " by regions",
    ("countries",): " without countries",
    ("languages", "regions"): " by regions without languages",
    ("languages", "countries"): " without countries and languages",
}


def test_how_small_cells_are_merged_is_written_down_as_it_is() -> None:
    rows = {
        f"| `{table.name}` | {' → '.join(rung.span + MERGED[rung.merges] for rung in table.ladder)} |"
        for table in TABLES.values()
    }
    assert rows == set(re.findall(r"^\| `\w+` \| (?:day →|week \|).*$", DATA, re.MULTILINE))


def test_every_label_of_a_closed_set_is_written_down() -> None:
    text = DATA[DATA.index("## Counts") : DATA.index("## In the store")]
    for name, labels in CLOSED.items():
        if isinstance(labels, frozenset) and name != "degraded":
            assert {f"`{label}`" for label in labels} <= set(re.findall("`[^`]+`", text)), name


def test_every_key_in_the_store_is_written_down() -> None:
    source = "".join((ROOT / "redirect" / "adapters" / name).read_text() for name in ("store.py", "ledger.py"))
    kinds = set(re.findall(r"\"(\w+):\{", source)) | {"turn"}
    assert {"figures", "notes", "seen", "ended"} <= kinds
    assert {f"`{kind}:" for kind in kinds} <= set(re.findall(r"`\w+:", DATA))


def test_what_others_give_and_note_is_written_down() -> None:
    text = DATA[DATA.index("## Figures that others give") : DATA.index("## In the data directory")]
    words = {*figures.MEASURES, *notes.Kind, figures.APPEALS, COOKIE}
    assert {f"`{word}`" for word in words} <= set(re.findall("`[^`]+`", text))
    assert f"for {figures.KEPT_MONTHS} months" in DATA
    assert f"for {NOTES_KEPT} days" in DATA
    example = (ROOT / "docs" / "dashboard.md").read_text().split("```csv\n")[1].split("```")[0]
    assert len(figures.read_rows(example, ["2026-10"], ["stop-it-now-uk"])) == 4


def test_every_counter_of_metrics_is_written_down() -> None:
    written = set(re.findall(r"`redirect_(\w+)_total`", DATA))
    assert written == {name for name, _ in ABOUT.values()}


def test_every_log_line_is_written_down_with_its_fields_and_no_other_is_logged() -> None:
    """One closed list: only the client, in a platform's own process, logs beside it."""
    table = DATA[DATA.index("## Log lines") : DATA.index("In a platform's own process")]
    written = {
        row[0]: row[1:3] for row in re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.*?) ?\| .+ \|$", table, re.MULTILINE)
    }
    assert written.keys() == {event.name.lower() for event in Event}
    for event in Event:
        line, fields = written[event.name.lower()]
        named = re.findall(r"\{(\w+)\}", event.sentence)
        assert re.findall(r"`(\w+)`", fields) == named, event
        assert not {"time", "level", "event", "says", "process", "trace"} & set(named)
        for part in re.split(r"\{\w+\}", event.sentence):
            assert part.strip(" ,:()") in line, event
    sources = {path: path.read_text() for path in (ROOT / "redirect").rglob("*.py")}
    logging_ = {path.name for path, text in sources.items() if re.search(r"\bLOG\.|getLogger\(__name__\)", text)}
    assert logging_ == {"events.py", "care.py"}
    care = (ROOT / "redirect" / "client" / "care.py").read_text()
    for template in re.findall(r"LOG\.\w+\(\s*\"([^\"]+)\"", care):
        assert all(part.strip(" ,:()") in " ".join(DATA.split()) for part in template.split("%s")), template


def documents() -> list[Path]:
    """All of ours, without what a package manager put beside them."""
    folders = ("deploy", "docs", "integrations")
    found = (*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md")))
    return [path for path in found if "node_modules" not in path.parts]


def test_the_settings_named_in_the_documents_exist() -> None:
    known = {name for name, _, _ in settings.explain()} | READ_BY_ADAPTERS
    for path in documents():
        assert set(re.findall(r"REDIRECT_[A-Z_]+", path.read_text())) <= known, path.name


def test_every_file_that_the_documents_link_to_exists() -> None:
    for path in documents():
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name} links to {link}"


def test_the_tests_that_the_threat_model_names_exist() -> None:
    for name in re.findall(r"`((?:tests|integrations)/[\w/]+\.py)`", (ROOT / "docs" / "threats.md").read_text()):
        assert (ROOT / name).exists(), name


def test_the_example_of_platforms_toml_is_one() -> None:
    assert load(ROOT / "docs" / "platforms.example.toml")["acme"].shown_name == "Acme Search"


def test_the_changelog_has_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
