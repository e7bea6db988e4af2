"""The CDK with the bindings in use: imported before `terrace.engine`, it loads the bindings of every resource."""

from terrace import engine

__all__ = ["engine"]
