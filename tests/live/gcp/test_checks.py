"""Checks without rights, without a deployment, and their functions for values."""

import pytest

from terrace import live
from terrace.live.gcp.checks import Deployment, days, named, seconds
from terrace.live.gcp.session import Reader
from tests.live.gcp.site import Site, wired


def test_without_rights_every_guarantee_is_unproven(site: Site) -> None:
    def refuse(environ, start):
        start("403 Forbidden", [("Content-Type", "application/json")])
        return [b'{"error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}}']

    deployment = Deployment(site.environment, site.target, Reader(site.account, wired(refuse)))
    found = [live.evaluate_guarantee(guarantee, "gcp", deployment) for guarantee in live.readable("gcp")]
    assert {result.status for result in found} == {"unproven"}
    assert all("not allowed: Permission denied" in result.reason for result in found)


def test_without_a_deployment_every_guarantee_is_broken(site: Site) -> None:
    elsewhere = site.target.prefix.replace("prod", "other")
    from dataclasses import replace

    nowhere = Deployment(site.environment, replace(site.target, prefix=elsewhere), site.reader)
    statuses = {live.evaluate_guarantee(id, "gcp", nowhere).status for id in live.readable("gcp")}
    assert statuses == {"broken"}


@pytest.mark.parametrize(
    ("period", "inside", "whole"),
    [("3600s", 3600, 1 / 24), ("86400", 86400, 1.0), (None, None, None), ("P1D", None, None)],
)
def test_periods_in_googles_format(period: str | None, inside: int | None, whole: float | None) -> None:
    assert (seconds(period), days(period)) == (inside, whole)


def test_the_last_part_of_a_link_is_the_name() -> None:
    assert named("https://www.googleapis.com/compute/v1/projects/p/global/networks/main") == "main"
    assert named(None) == "none"
