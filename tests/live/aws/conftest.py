"""The deployment that the tests of this folder break, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Snapshot]:
    made = Snapshot(opened)
    yield made
    made.close()


@contextmanager
def opened() -> Iterator[Site]:
    """Prod in moto's memory, with the emulator's patches."""
    from moto import mock_aws

    from terrace.emulator.aws import patches
    from tests.live.aws.built import data, ground, platform

    patches.apply()
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        site = Site()
        for part in (ground, data, platform):
            part.build(site)
        site.read()
        yield site
