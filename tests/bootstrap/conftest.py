"""The emulated clouds, as in tests/state."""

from tests.state.conftest import clouds

__all__ = ["clouds"]
