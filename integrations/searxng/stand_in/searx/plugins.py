"""Owns what plugins are to SearXNG. Must never do for a plugin what SearXNG does not do."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

LOG = logging.getLogger("searx.plugins")


@dataclass
class PluginInfo:
    """What preferences show of a plugin; in no section without one."""

    id: str
    name: str
    description: str
    preference_section: str | None = "general"
    examples: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)


@dataclass
class PluginCfg:
    """All that settings.yml can say below the name of a plugin."""

    active: bool = False


class Plugin:
    """What plugins derive from."""

    id: str = ""
    active: bool = False
    info: PluginInfo

    def __init__(self, plg_cfg: PluginCfg) -> None:
        self.active = plg_cfg.active

    def init(self, app: Flask) -> bool:
        return True

    def pre_search(self, request: Any, search: Any) -> bool:
        return True


class PluginStorage:
    """All plugins of settings.yml, in no order."""

    def __init__(self) -> None:
        self._plugins: set[Plugin] = set()

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins)

    def load_settings(self, said: dict[str, dict[str, Any]]) -> None:
        for name, cfg in said.items():
            module, _, plugin = name.rpartition(".")
            self._plugins.add(getattr(importlib.import_module(module), plugin)(PluginCfg(**cfg)))

    def init(self, app: Flask) -> None:
        self._plugins = {plugin for plugin in self._plugins if plugin.init(app)}

    def pre_search(self, request: Any, search: Any) -> bool:
        for plugin in self._plugins:
            if plugin.id in request.user_plugins:
                try:
                    if not plugin.pre_search(request, search):
                        return False
                except Exception:
                    LOG.exception("Exception while calling pre_search")
        return True


STORAGE = PluginStorage()
