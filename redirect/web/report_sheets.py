"""Owns the templates of the dashboard and its style. Must never load anything from elsewhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from redirect.charts import drawn
from redirect.web.figures_shown import day_name, month_name
from redirect.web.render import TEMPLATES, all_templates, source_expression


class Sheets:
    """Writes pages from templates. `home` is the address of the dashboard."""

    def __init__(self, home: str) -> None:
        self.home = home
        style = (TEMPLATES / "reports.css").read_text(encoding="utf-8")
        self.csp_style_hash = source_expression(style)
        self._environment = Environment(
            loader=all_templates(),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"day_name": day_name, "month_name": month_name, "calendar": _calendar}
        self._environment.globals |= {"style": Markup(style), "home": home, "drawn": drawn}  # noqa: S704 (our own file)
        names = ("reports", "reports_sign_in", "experiments", "experiment")
        self._templates = {name: self._environment.get_template(f"{name}.html") for name in names}

    def written(self, template: str, **values: Any) -> bytes:
        """A page."""
        return self._templates[template].render(values).encode()

    def sign_in(self, told: str) -> bytes:
        """The page of those who are not signed in."""
        return self.written("reports_sign_in", told=told)


def _calendar(month: str) -> str:
    return month_name(int(month[:4]) * 12 + int(month[5:]) - 1)
