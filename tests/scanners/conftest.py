"""The real plans of tests/conformance."""

from tests.conformance.conftest import conformance

__all__ = ["conformance"]
