"""The bootstrap of an environment, as the library has it."""

from terrace.stacks.bootstrap import Bootstrap

__all__ = ["Bootstrap"]
