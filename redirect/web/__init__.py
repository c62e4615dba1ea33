"""Parses a request, calls a journey, writes the answer.

Must never decide, nor import adapters or settings: what it needs is handed to it.
"""
