"""The workloads of an environment, as the library has them."""

from terrace.stacks.workloads import Workloads

__all__ = ["Workloads"]
