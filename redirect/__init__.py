"""redirect: what a platform answers when someone searches for, or opens, child sexual abuse material.

Owns the version. Must never import anything, so that every part stays loadable on its own.
"""

__version__ = "0.1.0"
