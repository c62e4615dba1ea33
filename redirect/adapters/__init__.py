"""The only code that talks to the outside: store, disk, keys, processes, clock.

Must never decide anything that the domain could decide, nor import web or settings.
"""
