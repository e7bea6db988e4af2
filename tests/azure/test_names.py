"""Names fit Azure's limits for any project and environment, and global names are unique."""

import re

import pytest

from terrace.azure import names
from terrace.capabilities.lake import BUCKETS
from terrace.capabilities.target import AzureSettings, Target


def target(prefix: str = "dpf-dev", subscription: str = "00000000-0000-4000-8000-000000000001") -> Target:
    settings = AzureSettings(
        subscription_id=subscription,
        tenant_id="00000000-0000-4000-8000-000000000002",
        admin_group_id="00000000-0000-4000-8000-000000000003",
    )
    return Target(
        environment=prefix.split("-", 1)[1],
        prefix=prefix,
        tier="dev",
        region="germanywestcentral",
        recovery_region="francecentral",
        zones=("1",),
        spare_zones=("2", "3"),
        tags={},
        protected=False,
        offline=False,
        remote_state=False,
        state_bucket=None,
        settings=settings,
    )


LONGEST = "twelve-chars-environment12"
OTHER_SUBSCRIPTION = "00000000-0000-4000-8000-000000000009"


@pytest.mark.parametrize("prefix", ["dp-dev", "dpf-staging", LONGEST])
def test_accounts_fit(prefix):
    global_names = [names.bucket(target(prefix), name, recovery=away) for name in BUCKETS for away in (False, True)]
    global_names += [names.flow_account(target(prefix)), names.state_bucket(target(prefix))]
    assert all(re.fullmatch("[a-z0-9]{3,24}", name) for name in global_names)
    assert len(set(global_names)) == len(global_names)


@pytest.mark.parametrize("prefix", ["dp-dev", "dpf-staging", LONGEST])
def test_vaults_fit(prefix):
    global_names = [names.vault(target(prefix), place) for place in ("", "recovery", "geo")]
    assert all(re.fullmatch("[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]", name) for name in global_names)
    assert len(set(global_names)) == 3


@pytest.mark.parametrize("prefix", ["dp-dev", LONGEST])
def test_registry_and_database_fit(prefix):
    assert re.fullmatch("[a-z0-9]{5,50}", names.registry(target(prefix)))
    assert len(f"{names.database(target(prefix))}-replica-5") <= 63


def test_global_names_differ_between_subscriptions():
    here, there = target(), target(subscription=OTHER_SUBSCRIPTION)
    for name in (names.vault, names.registry, names.database, names.flow_account):
        assert name(here) != name(there)
    assert names.bucket(here, "gold") != names.bucket(there, "gold")


def test_names_are_stable():
    # a changed name replaces the resource
    assert names.bucket(target(), "bronze") == "dpfdevbronze7f2479"
    assert names.vault(target()) == "dpf-dev-5695b3"
