"""Accounts, roles, pools, policies."""

import pytest

from tests.emulator.gcp.conftest import PROJECT, Google
from tests.emulator.gcp.refusals.wrong import POLICY, PROJECT_POLICY, Wrong, accepted, binding, ids, refused, with_fault
from tests.emulator.gcp.test_round_trips import AT


def _pool(google: Google) -> None:
    google.make(f"iam/v1/{AT}/locations/global/workloadIdentityPools?workloadIdentityPoolId=ci-pool", {})


PROVIDER = {
    "attributeMapping": {"google.subject": "assertion.sub"},
    "attributeCondition": "assertion.repository_owner_id == '1'",
    "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
}
DENY = {
    "rules": [
        {
            "denyRule": {
                "deniedPrincipals": ["principalSet://goog/public:all"],
                "deniedPermissions": ["iam.googleapis.com/serviceAccountKeys.create"],
            }
        }
    ]
}
PROVIDERS = f"iam/v1/{AT}/locations/global/workloadIdentityPools/ci-pool/providers?workloadIdentityPoolProviderId="
POOL_IDS = f"iam/v1/{AT}/locations/global/workloadIdentityPools?workloadIdentityPoolId="
DENIALS = f"iam/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{PROJECT}/denypolicies?policyId=ceiling"


AUDITED = with_fault(
    POLICY, {"policy": {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]}}
)
WRONG = (
    Wrong(
        "short-account",
        f"iam/v1/{AT}/serviceAccounts",
        {"accountId": "pipeline"},
        {"accountId": "ci"},
        "Invalid service account ID",
    ),
    Wrong(
        "role-with-hyphen", f"iam/v1/{AT}/roles", {"roleId": "sleep", "role": {}}, {"roleId": "sleep-well"}, "role_id"
    ),
    Wrong(
        "permission",
        f"iam/v1/{AT}/roles",
        {"roleId": "sleep", "role": {}},
        {"role": {"includedPermissions": ["everything"]}},
        "not valid",
    ),
    Wrong(
        "pool-of-google",
        f"{PROVIDERS}github",
        PROVIDER,
        {"attributeMapping": {"google.subject": None}},
        "google.subject",
        needs=_pool,
    ),
    Wrong(
        "plain-issuer",
        f"{PROVIDERS}github",
        PROVIDER,
        {"oidc": {"issuerUri": "http://example.com"}},
        "https://",
        needs=_pool,
    ),
    Wrong(
        "all-of-github",
        f"{PROVIDERS}github",
        PROVIDER,
        {"attributeCondition": None},
        "attribute condition",
        needs=_pool,
    ),
    Wrong("no-kind-of-member", PROJECT_POLICY, POLICY, binding(members=["platform@example.com"]), "Invalid member"),
    Wrong("public-project", PROJECT_POLICY, POLICY, binding(members=["allUsers"]), "not supported"),
    Wrong("no-such-role", PROJECT_POLICY, POLICY, binding(role=f"{AT}/roles/ghost"), "does not exist"),
    Wrong("bare-role", PROJECT_POLICY, POLICY, binding(role="viewer"), "not supported"),
    Wrong(
        "untitled-condition",
        PROJECT_POLICY,
        with_fault(POLICY, {"policy": {"version": 3}}),
        binding(condition={"expression": "true"}),
        "title",
    ),
    Wrong(
        "old-policy",
        PROJECT_POLICY,
        POLICY,
        binding(condition={"title": "only", "expression": "true"}),
        "version must be 3",
    ),
    Wrong(
        "denied-permission",
        DENIALS,
        DENY,
        {
            "rules": [
                {
                    "denyRule": {
                        "deniedPrincipals": ["principalSet://goog/public:all"],
                        "deniedPermissions": ["iam.serviceAccountKeys.create"],
                    }
                }
            ]
        },
        "Invalid permission",
    ),
    Wrong("pool-id", f"{POOL_IDS}gcp-pool", {}, {}, "4 to 32", broken=True),
    Wrong(
        "crowd",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"user:{each}@example.com" for each in range(1501)]),
        "maximum of 1,500",
    ),
    Wrong(
        "audited-twice",
        PROJECT_POLICY,
        AUDITED,
        {"policy": {"auditConfigs": AUDITED["policy"]["auditConfigs"] * 2}},
        "several audit configs",
    ),
    Wrong(
        "audits-nothing",
        PROJECT_POLICY,
        AUDITED,
        {"policy": {"auditConfigs": [{"service": "allServices"}]}},
        "at least one audit log",
    ),
    Wrong(
        "denied-principal",
        DENIALS,
        DENY,
        {"rules": [{"denyRule": {"deniedPrincipals": ["allUsers"]}}]},
        "Invalid principal",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)


def test_ids_of_deleted_pools_and_roles_stay_taken(google: Google) -> None:
    _pool(google)
    google.make(f"iam/v1/{AT}/locations/global/workloadIdentityPools/ci-pool", {}, method="DELETE")
    assert google.call("POST", f"{POOL_IDS}ci-pool", {})[0] == 409
    google.make(f"iam/v1/{AT}/roles", {"roleId": "sleep", "role": {}})
    google.make(f"iam/v1/{AT}/roles/sleep", {}, method="DELETE")
    assert google.call("POST", f"iam/v1/{AT}/roles", {"roleId": "sleep", "role": {}})[0] == 409
