"""Accounts, roles, pools, policies."""

from tests.emulator.gcp.conftest import PROJECT, Google
from tests.emulator.gcp.invalid_requests.invalid_request import (
    POLICY,
    PROJECT_POLICY,
    InvalidRequest,
    binding,
    merged,
)
from tests.emulator.gcp.round_trip import PROJECT_NAME


def with_pool(google: Google) -> None:
    google.send(f"iam/v1/{PROJECT_NAME}/locations/global/workloadIdentityPools?workloadIdentityPoolId=ci-pool", {})


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
PROVIDERS = (
    f"iam/v1/{PROJECT_NAME}/locations/global/workloadIdentityPools/ci-pool/providers?workloadIdentityPoolProviderId="
)
POOL_IDS = f"iam/v1/{PROJECT_NAME}/locations/global/workloadIdentityPools?workloadIdentityPoolId="
DENIALS = f"iam/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{PROJECT}/denypolicies?policyId=ceiling"
VIEWER = POLICY["policy"]["bindings"][0]
AUDITED = merged(
    POLICY, {"policy": {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]}}
)
INVALID_REQUESTS = (
    InvalidRequest(
        "short-account",
        f"iam/v1/{PROJECT_NAME}/serviceAccounts",
        {"accountId": "pipeline"},
        {"accountId": "ci"},
        "Invalid service account ID",
    ),
    InvalidRequest(
        "role-with-hyphen",
        f"iam/v1/{PROJECT_NAME}/roles",
        {"roleId": "sleep", "role": {}},
        {"roleId": "sleep-well"},
        "role_id",
    ),
    InvalidRequest(
        "permission",
        f"iam/v1/{PROJECT_NAME}/roles",
        {"roleId": "sleep", "role": {}},
        {"role": {"includedPermissions": ["everything"]}},
        "not valid",
    ),
    InvalidRequest(
        "provider-without-subject",
        f"{PROVIDERS}github",
        PROVIDER,
        {"attributeMapping": {"google.subject": None}},
        "google.subject",
        setup=with_pool,
    ),
    InvalidRequest(
        "plain-issuer",
        f"{PROVIDERS}github",
        PROVIDER,
        {"oidc": {"issuerUri": "http://example.com"}},
        "https://",
        setup=with_pool,
    ),
    InvalidRequest(
        "github-without-condition",
        f"{PROVIDERS}github",
        PROVIDER,
        {"attributeCondition": None},
        "attribute condition",
        setup=with_pool,
    ),
    InvalidRequest(
        "member-without-type", PROJECT_POLICY, POLICY, binding(members=["platform@example.com"]), "Invalid member"
    ),
    InvalidRequest("public-project", PROJECT_POLICY, POLICY, binding(members=["allUsers"]), "not supported"),
    InvalidRequest(
        "no-such-role", PROJECT_POLICY, POLICY, binding(role=f"{PROJECT_NAME}/roles/ghost"), "does not exist"
    ),
    InvalidRequest("role-without-prefix", PROJECT_POLICY, POLICY, binding(role="viewer"), "not supported"),
    InvalidRequest(
        "untitled-condition",
        PROJECT_POLICY,
        merged(POLICY, {"policy": {"version": 3}}),
        binding(condition={"expression": "true"}),
        "title",
    ),
    InvalidRequest(
        "policy-version",
        PROJECT_POLICY,
        POLICY,
        binding(condition={"title": "only", "expression": "true"}),
        "version must be 3",
    ),
    InvalidRequest(
        "long-condition",
        PROJECT_POLICY,
        merged(POLICY, {"policy": {"version": 3}}),
        binding(condition={"title": "only", "expression": " || ".join(["true"] * 14)}),
        "12 logical operators",
    ),
    InvalidRequest(
        "many-conditions",
        PROJECT_POLICY,
        merged(POLICY, {"policy": {"version": 3}}),
        {
            "policy": {
                "bindings": [
                    {**VIEWER, "condition": {"title": "only", "expression": f"resource.name == '{number}'"}}
                    for number in range(21)
                ]
            }
        },
        "20 are supported",
    ),
    InvalidRequest(
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
    InvalidRequest("pool-id", f"{POOL_IDS}gcp-pool", {}, {}, "4 to 32", invalid_url=True),
    InvalidRequest(
        "too-many-members",
        PROJECT_POLICY,
        POLICY,
        binding(members=[f"user:{each}@example.com" for each in range(1501)]),
        "maximum of 1,500",
    ),
    InvalidRequest(
        "duplicate-audit-config",
        PROJECT_POLICY,
        AUDITED,
        {"policy": {"auditConfigs": AUDITED["policy"]["auditConfigs"] * 2}},
        "several audit configs",
    ),
    InvalidRequest(
        "empty-audit-config",
        PROJECT_POLICY,
        AUDITED,
        {"policy": {"auditConfigs": [{"service": "allServices"}]}},
        "at least one audit log",
    ),
    InvalidRequest(
        "denied-principal",
        DENIALS,
        DENY,
        {"rules": [{"denyRule": {"deniedPrincipals": ["allUsers"]}}]},
        "Invalid principal",
    ),
)
