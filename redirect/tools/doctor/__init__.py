"""Owns the look at a deployment that says what is wrong with it. Must never change anything, whatever it finds."""
