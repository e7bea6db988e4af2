"""`@fails_on_stock_moto` runs a test on the emulator, where it must pass, and on stock moto, where it must fail.

When stock moto passes too, moto has fixed the problem and the patch of that name can be removed.
"""

from collections.abc import Callable

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.emulator.aws.conftest import Aws

# a wrong value, a missing field or record, an error of the service, an invalid response
_FAILURES = (ValueError, AssertionError, KeyError, IndexError, ClientError, BotoCoreError, ResponseParserError)


def fails_on_stock_moto(function: Callable[[Aws], None]) -> Callable[[Aws, Aws], None]:
    def test(patched: Aws, stock: Aws) -> None:
        function(patched)
        try:
            function(stock)
        except _FAILURES:
            return
        pytest.fail(f"stock moto passes {function.__name__}: remove the patch")

    test.__name__ = function.__name__
    test.__doc__ = function.__doc__
    return test
