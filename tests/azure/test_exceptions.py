"""What Azure cannot do is said once, with what stands in for it and where that is written."""

import re

from terrace.azure.exceptions import EXCEPTIONS


def test_exceptions_name_a_guarantee_each_and_explain_themselves():
    named = [exception.guarantee for exception in EXCEPTIONS]
    assert len(set(named)) == len(named)
    for exception in EXCEPTIONS:
        assert re.fullmatch(r"[A-Z0-9]{2,5}-\d+", exception.guarantee)
        for text in (exception.reason, exception.compensation, exception.source):
            assert len(text) > 20, exception.guarantee
