"""Owns the content, read and proven whole before anything starts. Must never start anything itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.adapters import platforms
from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.categories import load_categories
from redirect.adapters.content import load_texts, shipped
from redirect.adapters.directory import load_directory
from redirect.adapters.experiments import load_experiments
from redirect.adapters.videos import load_videos
from redirect.domain.urls import host_suffixes
from redirect.web.device import Devices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.adapters.catalogues import Catalogues
    from redirect.adapters.videos import Videos
    from redirect.domain.content import Platform, Texts
    from redirect.domain.decision import Category
    from redirect.domain.experiments import Experiment
    from redirect.domain.services import Directory
    from redirect.settings import Settings


@dataclass(frozen=True)
class Content:
    """All that pages and answers are made of."""

    texts: Texts
    categories: Mapping[str, Category]
    directory: Directory
    catalogues: Catalogues
    platforms: Mapping[str, Platform]
    videos: Videos
    devices: Devices
    experiments: tuple[Experiment, ...]


def load_content(settings: Settings) -> Content:
    """Raise ContentError or SettingsError where something cannot be served."""
    host_suffixes("www.example.test")  # reads the public suffixes now, once for all workers, not with the first URL
    messages = shipped("messages")
    texts = load_texts(messages, drafts=settings.drafts)
    known = platforms.load(settings.platforms)
    if settings.stop_port is not None:
        settings.ensure_stop_page()
        platforms.ensure_blocks(known, settings.stop_platform)
    categories = load_categories(messages / "categories.toml", texts)
    return Content(
        texts=texts,
        categories=categories,
        directory=load_directory(messages / "resources"),
        catalogues=load_catalogues(shipped("locales"), texts.strings(), drafts=settings.drafts),
        platforms=known,
        videos=load_videos(settings.videos),
        devices=Devices(),
        experiments=load_experiments(
            settings.experiments or messages / "experiments.toml", texts, categories.values(), known
        ),
    )
