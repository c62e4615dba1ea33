"""Owns what every command that reads lists asks for. Must never take a secret: `--auth` names a variable."""

from __future__ import annotations

from typing import Annotated

import typer

from redirect.adapters import source_file
from redirect.adapters.source_file import Source
from redirect.domain.list_formats import Shape
from redirect.domain.lists import Confidence, Kind

Sources = Annotated[
    list[str], typer.Argument(help="Files, https addresses, - for standard input, .toml files that name several.")
]
CategoryOption = Annotated[str, typer.Option(help="For entries that do not say it.")]
ConfidenceOption = Annotated[Confidence, typer.Option(help="For entries that do not say it.")]
KindOption = Annotated[Kind | None, typer.Option(help="For tables without a column for it.", show_default=False)]
ShapeOption = Annotated[
    Shape | None, typer.Option("--shape", help="Where the name and the text do not tell it.", show_default=False)
]
ColumnOption = Annotated[
    list[str] | None, typer.Option(help="value=Keyword: what a table calls our column; repeatable.", show_default=False)
]
AuthOption = Annotated[
    str, typer.Option(help="bearer=VARIABLE, basic=VARIABLE or Header=VARIABLE.", show_default=False)
]
EditsOption = Annotated[
    bool, typer.Option("--edits", help="Also match words of six letters and more with one letter off.")
]


def asked_for(shape: Shape | None, kind: Kind | None, column: list[str] | None, auth: str) -> Source:
    """What the options say of sources given as arguments."""
    return Source(at="", format=shape, kind=kind, columns=source_file.column_pairs(column or []), auth=auth)
