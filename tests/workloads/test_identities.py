"""Service accounts and their cloud identities."""

import pytest

from terrace.errors import ContractError
from terrace.modules.contract import IdentityNeed
from terrace.workloads import identities
from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of


def _accounts(context: Context, module: str) -> dict[str, dict[str, object]]:
    return of(identities.objects(context.modules[module], context), "ServiceAccount")


def test_a_module_has_an_account_of_its_name_without_a_token(context: Context) -> None:
    account = _accounts(context, "warehouse")["warehouse"]
    assert account["metadata"]["namespace"] == "warehouse"  # type: ignore[index]
    assert account["automountServiceAccountToken"] is False


def test_an_account_is_bound_to_the_identity_of_the_outputs(make: Make) -> None:
    annotations = {
        cloud: _accounts(make(cloud), "warehouse")["warehouse"]["metadata"].get("annotations", {})  # type: ignore[attr-defined]
        for cloud in ("aws", "azure", "gcp")
    }
    outputs = make("azure").outputs
    assert annotations["aws"] == {}
    assert annotations["azure"]["azure.workload.identity/client-id"] == outputs.identities["warehouse"]
    assert annotations["gcp"] == {
        "iam.gke.io/gcp-service-account": "dpf-dev-module-warehouse@acme-data-dev.iam.gserviceaccount.com"
    }
    assert identities.pod_labels(make("azure").modules["warehouse"], make("azure")) == {
        "azure.workload.identity/use": "true"
    }
    assert identities.pod_labels(make("azure").modules["door"], make("azure")) == {}


def test_a_module_without_needs_of_the_foundation_has_no_identity(context: Context) -> None:
    assert not identities.has_identity(context.modules["door"], context)
    assert identities.has_identity(context.modules["warehouse"], context)


def test_a_platform_component_has_its_own_account(make: Make) -> None:
    aws, azure = make("aws"), make("azure")
    assert identities.accounts(aws.modules["scaler"], aws)["cluster-autoscaler"].endswith("dpf-dev-cluster-autoscaler")
    assert identities.accounts(azure.modules["scaler"], azure)["cluster-autoscaler"] == ""  # the cloud scales itself


def test_pods_get_a_token_of_the_api_only_where_the_module_declares_that_it_calls_it(make: Make) -> None:
    context = make()
    account = _accounts(context, "vault")["vault"]
    assert account["automountServiceAccountToken"] is True
    assert account["metadata"]["annotations"]["terrace.dev/kubernetes-api"]  # type: ignore[index]


def test_one_account_has_one_identity(make: Make) -> None:
    context = make()
    module = context.modules["warehouse"]
    needs = module.needs.model_copy(update={"identities": {"velero": IdentityNeed(service_account="warehouse")}})
    changed = make(change={"warehouse": {"contract": module.contract.model_copy(update={"needs": needs})}})
    with pytest.raises(ContractError, match="two cloud identities"):
        identities.objects(changed.modules["warehouse"], changed)


def test_a_chart_may_create_the_account_itself(make: Make) -> None:
    contract = make().modules["door"].contract.model_copy(update={"chart_account": True})
    context = make(change={"door": {"contract": contract}})
    assert _accounts(context, "door") == {}
