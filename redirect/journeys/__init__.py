"""One file for each journey through the service, and the ports they need.

Must never import an adapter or the web: what a journey needs is handed to it.
"""
