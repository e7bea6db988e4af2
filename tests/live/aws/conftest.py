"""The deployment that the tests of this folder change, each in a copy of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Iterator[Snapshot]:
    created = Snapshot(opened)
    yield created
    created.close()


@contextmanager
def opened() -> Iterator[Site]:
    """The recorded apply of prod in moto's memory, with the emulator's patches."""
    from moto import mock_aws

    from terrace.emulator.aws import patches
    from terrace.emulator.aws.server import Application
    from tests.live.aws.replay import replay
    from tests.live.recording import Recording

    patches.apply()
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        replay(Recording.read("aws", "prod").requests, Application())
        site = Site()
        site.read()
        yield site
