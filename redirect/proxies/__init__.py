"""Programs that stand beside a proxy and ask the service for it: Squid's helpers, and an ICAP server.

Must never decide anything themselves, nor write anything of a request anywhere.
"""
