"""The protections that dev asks for are made, and a destroy lifts them."""

from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from terrace.environment.schema import Environment
from tests.conftest import ROOT

PROTECTED = {
    "aws": {"aws_iam_role_policy.cluster_deletion-protection", "aws_db_instance.database_server"},
    "azure": {"azurerm_management_lock.cluster_keep", "azurerm_management_lock.database_keep"},
    "gcp": {"google_container_cluster.cluster", "google_sql_database_instance.database_server"},
}
_ARGUMENTS = ("deletion_protection", "lock_level", "policy")


def protections(environment: Environment, *, protected: bool | None = None) -> set[str]:
    """The resources of cluster and database that prevent a deletion, without the digests of their addresses."""
    from stacks.foundation import Foundation
    from terrace import engine

    stack = Foundation(engine.app("unused"), environment, target(environment, protected=protected))
    resources: dict[str, Any] = stack.to_terraform()["resource"]
    return {
        f"{type}.{name.rpartition('_')[0]}"
        for type, group in resources.items()
        for name, body in group.items()
        if any(body.get(argument) for argument in _ARGUMENTS)
    } & PROTECTED[environment.cloud]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_dev_is_protected_as_it_asks(cloud: str) -> None:
    dev = load("dev", project=ROOT, cloud=cloud).environment
    on = {"deletion_protection": True}
    asking = dev.model_copy(
        update={"cluster": dev.cluster.model_copy(update=on), "database": dev.database.model_copy(update=on)}
    )
    assert protections(asking) == PROTECTED[cloud]
    assert protections(asking, protected=False) == set()
