"""What the command line does besides serving: lists, keys, counts.

Must never need a running service, nor disturb one.
"""
