"""Owns reports as files: pages, PDF, spreadsheets, tables, and the analysis before and after a change.

Needs `redirect[reports]`. Must never be loaded by the service, nor see a count that has not been published.
"""
