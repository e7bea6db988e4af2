"""The graph of a live deployment is that of its stack, and shows what is changed by hand."""

from pathlib import Path

import pytest

from terrace.live import access as live
from terrace.live.aws.checks import Deployment
from tests.live.access import Found, assert_equals_stack, assert_shows, read
from tests.live.aws.changes import CHANGES
from tests.live.aws.site import Site, environment, target
from tests.live.aws.test_session import refusing
from tests.live.snapshot import Snapshot


def changed(site: Site, name: str) -> Found:
    CHANGES[name].make(site)
    site.reader.forget(site.touched)
    return read(site)


def test_the_graphs_are_those_of_the_stack(snapshot: Snapshot, tmp_path: Path) -> None:
    assert_equals_stack(snapshot.run(read), "aws", tmp_path)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_hand_is_an_undeclared_edge(snapshot: Snapshot, name: str) -> None:
    assert_shows(snapshot.run(changed, name), CHANGES[name])


def test_what_may_not_be_listed_is_named() -> None:
    described = environment()
    deployment = Deployment(described, target(described), refusing("AccessDeniedException", 403))
    unread = live.of(deployment, described, target(described)).unread
    services = {"ec2", "elasticloadbalancing", "iam", "kms", "secretsmanager", "ecr", "sns", "sqs", "route53", "eks"}
    assert services <= {one.service for one in unread}
    assert all(one.reason.startswith("not allowed: ") and "because" in one.reason for one in unread)
