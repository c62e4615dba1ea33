"""Owns the performance table: ratios against a baseline in the same run. Must never load anything but loopback."""
