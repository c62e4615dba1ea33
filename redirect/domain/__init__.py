"""The rules, as values in and values out.

Must never touch the outside: no input or output, clock, randomness or logging.
"""
