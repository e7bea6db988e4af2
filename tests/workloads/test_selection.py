"""Which modules are checked beside each other."""

from pathlib import Path

import pytest

from terrace.workloads.selection import groups

from .modules_fixture import module

DNS = "needs: {identities: {external-dns: {service_account: dns}}}"


@pytest.mark.parametrize(
    ("one", "other"),
    [("conflicts: [other]", ""), ("provides: [dns]", "provides: [dns]"), (DNS, DNS)],
    ids=["conflict", "service", "identity"],
)
def test_modules_that_exclude_each_other_are_checked_one_after_the_other(tmp_path: Path, one: str, other: str) -> None:
    texts = {"one": one, "other": other, "third": ""}
    contracts = {name: module(tmp_path, name, text).contract for name, text in texts.items()}
    assert list(groups(contracts, ["one"])) == [
        (["one", "third"], ["one", "third"]),
        (["other", "third"], ["other"]),
    ]
    assert list(groups({**contracts, "one": contracts["third"], "other": contracts["third"]}, ["one"])) == [
        (["one", "other", "third"], ["one", "other", "third"])
    ]
