"""`terrace modules graph`: the same command as `terrace graph`."""

from terrace.cli.graph import command

__all__ = ["command"]
