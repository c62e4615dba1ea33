"""From facts on the law to the files that lawyers edit, and back again without losing what one has checked."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from redirect.adapters.law import load_laws
from redirect.domain.law import Question

ROOT = Path(__file__).parents[2]
LAW = ROOT / "messages" / "law"

Row = dict[str, Any]


def convert(facts: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.convert_law", "--facts", str(facts), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def row(country: str = "AA", **fields: object) -> Row:
    return {
        "country": country,
        "production_distribution_crime": "yes",
        "possession_crime": "yes",
        "access_crime": None,
        "ai_or_virtual_covered": "no",
        "child_under": None,
        "statutes": ["Zorblax Act s. 1"],
        "since": None,
        "source_urls": ["https://minku.example/law"],
        "source_dates": [None],
        "confidence": "statute",
        "notes": "As it was read.",
        **fields,
    }


def facts_of(folder: Path, decisions: str, *rows: Row) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "law.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    (folder / "law_editorial.toml").write_text(decisions)
    return folder


def law(folder: Path, country: str = "AA") -> Row:
    return tomllib.loads((folder / f"{country}.toml").read_text("utf-8"))


def real_rows() -> dict[str, Row]:
    lines = (ROOT / "facts" / "law.jsonl").read_text("utf-8").splitlines()
    return {each["country"]: each for each in map(json.loads, lines)}


def test_what_is_shipped_is_what_the_facts_give(tmp_path: Path) -> None:
    for path in LAW.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    done = convert(ROOT / "facts", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in LAW.glob("*.toml")}
    for path in LAW.glob("*.toml"):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), f"{path.name}: set checked_by, or convert anew"


def test_no_shipped_sentence_goes_beyond_the_facts() -> None:
    rows, known = real_rows(), load_laws(ROOT / "messages").countries
    fact = {"making": "production_distribution_crime", "possession": "possession_crime", "viewing": "access_crime"}
    for country, each in known.items():
        for question in Question:
            if each.affirms(question) and not each.checked_by:
                assert rows[country][fact.get(question, "ai_or_virtual_covered")] == "yes"
                assert rows[country]["confidence"] in {"statute", "official"}


def test_a_part_of_a_country_is_not_the_country() -> None:
    united_kingdom = load_laws(ROOT / "messages").countries["GB"]
    assert not any(united_kingdom.affirms(question) for question in Question)


def test_a_condition_that_the_sentence_does_not_name_keeps_the_words_hedged() -> None:
    known = load_laws(ROOT / "messages").countries
    for country in ("RU", "TH", "UY", "EG"):
        assert not known[country].affirms(Question.MAKING)


def test_an_address_with_words_that_harm_gives_way_to_its_site(tmp_path: Path) -> None:
    harmful, plain = "https://minku.example/the-predator-act", "https://zorblax.example/act"
    rows = (
        row("AA", source_urls=[harmful, plain], source_dates=[None, None]),
        row("BB", source_urls=[plain, harmful], source_dates=[None, None]),
    )
    convert(facts_of(tmp_path / "facts", "", *rows), tmp_path / "out")
    assert law(tmp_path / "out")["link"] == "https://minku.example/"
    assert law(tmp_path / "out")["sources"] == [harmful, plain]
    assert "link" not in law(tmp_path / "out", "BB")


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    convert(facts_of(tmp_path / "facts", "", row()), tmp_path / "out")
    made = law(tmp_path / "out")
    assert not {"viewing", "child_under", "since", "hold", "hold_reason"} & made.keys()
    assert (made["making"], made["possession"], made["ai"]) == ("yes", "yes", "no")
    assert (made["source_dates"], made["checked_by"], made["checked_on"]) == ([""], "", "")


def test_a_lawyer_finds_the_notes_in_the_file(tmp_path: Path) -> None:
    convert(facts_of(tmp_path / "facts", "", row("NO", notes="Two\nlines.")), tmp_path / "out")
    text = (tmp_path / "out" / "NO.toml").read_text("utf-8")
    assert "# The law in NO (Norway)" in text
    assert "# Two lines.\n" in text


def test_a_decision_holds_a_question_and_says_why(tmp_path: Path) -> None:
    decision = 'AA = { hold = ["making"], statutes = ["s. 1"], reason = "only a part" }'
    convert(facts_of(tmp_path / "facts", decision, row()), tmp_path / "out")
    made = law(tmp_path / "out")
    assert (made["hold"], made["hold_reason"], made["statutes"]) == (["making"], "only a part", ["s. 1"])


@pytest.mark.parametrize(
    "decision",
    [
        'AA = { hold = ["making"] }',
        'AA = { hold = ["sharing"], reason = "x" }',
        'AA = { minku = 1, reason = "x" }',
        'BB = { hold = ["making"], reason = "x" }',
        'AA = { statutes = ["Zorblax Act s. 2"], reason = "from memory" }',
    ],
)
def test_a_decision_that_cannot_be_followed_stops_the_conversion(tmp_path: Path, decision: str) -> None:
    done = convert(facts_of(tmp_path / "facts", decision, row()), tmp_path / "out")
    assert done.returncode
    assert "law_editorial.toml" in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_a_lawyer_has_checked_stays_to_the_byte(tmp_path: Path) -> None:
    facts, out = facts_of(tmp_path / "facts", "", row(), row("BB")), tmp_path / "out"
    convert(facts, out)
    for country, by in (("AA", "Minku, lawyer"), ("BB", "")):
        path = out / f"{country}.toml"
        path.write_text(path.read_text().replace('checked_by = ""', f'checked_by = "{by}"') + "# a word of mine\n")
    before = (out / "AA.toml").read_bytes()
    convert(facts_of(tmp_path / "facts", "", row("BB")), out)
    assert (out / "AA.toml").read_bytes() == before
    assert "a word of mine" not in (out / "BB.toml").read_text()


def test_an_unchecked_country_that_no_fact_knows_goes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(facts_of(tmp_path / "facts", "", row(), row("BB")), out)
    convert(facts_of(tmp_path / "facts", "", row("BB")), out)
    assert [path.name for path in out.iterdir()] == ["BB.toml"]
