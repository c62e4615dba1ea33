"""Owns what tests of hostile input share with those of the promises. Must never hold a fixture of its own."""

from tests.promises.conftest import parts, worker

__all__ = ["parts", "worker"]
