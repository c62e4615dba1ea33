"""Owns what a build adds to the package: compiled catalogues and the messages. Must never change a source."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = (".mo", ".pot", ".toml")


def compile_catalogues(locales: Path) -> None:
    """Write a .mo beside every .po, whole or not at all: a service may be reading. What is fuzzy counts as none."""
    for source in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parts[-3])
        compiled, target = BytesIO(), source.with_suffix(".mo")
        write_mo(compiled, catalogue, use_fuzzy=False)
        if not target.exists() or target.read_bytes() != compiled.getvalue():
            part = target.with_suffix(f".{os.getpid()}")
            part.write_bytes(compiled.getvalue())
            part.replace(target)


class CatalogueHook(BuildHookInterface[Any]):
    """Compiles before a wheel or an editable install, so that both find their catalogues."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        compile_catalogues(root / "locales")
        if self.target_name == "wheel" and version == "standard":
            for file in sorted((root / "locales").rglob("*")):
                if file.suffix in SHIPPED:
                    build_data["force_include"][str(file)] = f"redirect/{file.relative_to(root).as_posix()}"
