"""The foundation of an environment, as the library has it."""

from terrace.stacks.foundation import Foundation

__all__ = ["Foundation"]
