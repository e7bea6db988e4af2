"""`@gap` makes a test of a probe: a few calls that end as they do on AWS.

It must pass on the emulator and fail on stock moto. When stock moto passes too, upstream has mended it,
and the patch of that name can be deleted.
"""

from collections.abc import Callable

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.emulator.aws.conftest import Aws

# how a probe fails: a wrong value, a missing field or record, an error of the service, an answer that is none
_FAILURES = (ValueError, AssertionError, KeyError, IndexError, ClientError, BotoCoreError, ResponseParserError)


def gap(probe: Callable[[Aws], None]) -> Callable[[Aws, Aws], None]:
    def test(patched: Aws, stock: Aws) -> None:
        probe(patched)
        try:
            probe(stock)
        except _FAILURES:
            return
        pytest.fail(f"stock moto passes {probe.__name__}: the patch can go")

    test.__name__ = probe.__name__
    test.__doc__ = probe.__doc__
    return test
