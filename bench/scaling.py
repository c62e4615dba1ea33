"""Owns the tables of docs/scaling.md: what the model says of each stage, from figures that were kept. Must never say a
figure that is in neither."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from bench.model import Demand, Figures, Machines, most_workers, plan

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "scaling.md"
KEPT = ROOT / "bench" / "figures.json"
STAGES: Final = (
    ("one machine, 4 cores", Demand(1_000), Machines(cores=4, spare=0)),
    ("several nodes, 8 cores each", Demand(10_000), Machines(cores=8)),
    ("several nodes, 16 cores each", Demand(100_000), Machines()),
    ("the same, in batches", Demand(100_000, batched=True), Machines()),
    ("several regions, 16 cores each", Demand(1_000_000), Machines(spare=5)),
)
"""Each with a demand for which it is right. One in a thousand queries is listed, which is more than a platform sees."""

COLUMNS: Final = (
    *("Stage", "Queries/s", "Busy cores", "Nodes", "Network"),
    *("Calls to the store", "Busiest primary", "Store", "List to all"),
)


def kept() -> Figures:
    """Those that `make cluster` measured last, where somebody kept them."""
    return msgspec.json.decode(KEPT.read_bytes(), type=Figures)


def write(figures: Figures, trial: str) -> None:
    """Keep figures, and put what follows from them into the document, and what came of the trial."""
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
    text = DOCUMENT.read_text()
    for name, table in {**tables(figures), "trial": trial}.items():
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{before}<!-- {name} -->\n{table}\n<!-- /{name} -->{rest.partition(f'<!-- /{name} -->')[2]}"
    DOCUMENT.write_text(text)


def tables(figures: Figures) -> dict[str, str]:
    """Those of the document, by the name between whose marks they stand."""
    return {"figures": figures_table(figures), "stages": stages_table(figures)}


def figures_table(figures: Figures) -> str:
    """What was measured on one node."""
    micro = 1e6
    rows = {
        "a check, core time": f"{figures.check_seconds * micro:.0f} µs",
        "a query of a batch of 1,000, core time": f"{figures.subject_seconds * micro:.1f} µs",
        "a page, core time": f"{figures.page_seconds * micro:.0f} µs",
        "checks of one worker, with the program that asks on the same machine": f"{figures.checks_per_second:,.0f}/s",
        "a check on the wire, request and answer": f"{figures.check_bytes:,} bytes",
        "a query of a batch on the wire": f"{figures.subject_bytes:.0f} bytes",
        "a page on the wire": f"{figures.page_bytes:,} bytes",
        "memory of a worker beside what it shares": f"{figures.worker_bytes / 1e6:.0f} MB",
        "an entry of a list": f"{figures.entry_bytes:.1f} bytes",
        "one worker's sums for one table, core time of the primary": f"{figures.batch_seconds * micro:.0f} µs",
        "the same, on the wire": f"{figures.batch_bytes:,} bytes",
        "what a worker asks of the store each second, core time of primaries": f"{figures.look_seconds * micro:.0f} µs",
        "a count in the store": f"{figures.cell_bytes:.0f} bytes",
        "a note that a spool was applied": f"{figures.mark_bytes:.0f} bytes",
    }
    return "\n".join(
        ["| One node | Measured |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    )


def stages_table(figures: Figures) -> str:
    """What each stage needs."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" + "|---:" * (len(COLUMNS) - 1) + "|"]
    for name, demand, machines in STAGES:
        found = plan(demand, machines, figures)
        cells = (
            name,
            f"{demand.queries:,.0f}",
            f"{found.busy_cores:.1f}",
            f"{found.nodes}",
            _bits(found.network_bits),
            f"{found.store_calls:,.0f}/s",
            f"{found.hottest:.2f} cores",
            f"{found.store_bytes / 1e6:,.0f} MB",
            f"{found.list_seconds:.1f} s",
        )
        lines.append(f"| {' | '.join(cells)} |")
    most = most_workers(figures, used=0.5) // 10 * 10
    return "\n".join([*lines, "", f"One primary takes the sums of {most:,} workers with half a core."])


def _bits(bits: float) -> str:
    return f"{bits / 1e9:.1f} Gbit/s" if bits >= 1e9 else f"{bits / 1e6:.0f} Mbit/s"
