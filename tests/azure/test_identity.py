"""Identities of pipelines and workloads on Azure (ID-1, LAKE-7, SEC-3)."""

import re

import pytest

from terrace.azure.names import below
from tests.azure.conftest import ENVIRONMENTS
from tests.conftest import ACCOUNTS, FOUNDATION_MODULES, WITH_LOGIN

LAKE = {
    "airflow": {"bronze/orders": "write", "silver/orders": "write", "artifacts/airflow": "read"},
    "spark": {
        **{f"bronze/{product}": "read" for product in ("orders", "web-events")},
        **{f"{layer}/{product}": "write" for layer in ("silver", "gold") for product in ("orders", "web-events")},
    },
    "superset": {"gold/orders": "read", "gold/web-events": "read"},
}
ROLES = {"read": "Storage Blob Data Reader", "write": "blob-writer"}
PRIVILEGED = {"Owner", "User Access Administrator"}
CONTAINER_ROLES = {"Storage Blob Data Contributor", "Storage Blob Data Owner"}
"""Roles for blobs that also delete their container."""


def subjects(stack, identity: str) -> set[str]:
    return {
        body["subject"]
        for _, body in stack.all("azurerm_federated_identity_credential")
        if "${" in body["user_assigned_identity_id"] and stack.resolve(body["user_assigned_identity_id"]) == identity
    }


def roles_of(stack, identity: str) -> set[tuple[str, str]]:
    """(role, scope) of each role assignment of an identity: a built-in role's name, a custom role's path."""
    return {
        (body.get("role_definition_name") or stack.resolve(body["role_definition_id"]), body["scope"])
        for _, body in stack.all("azurerm_role_assignment")
        if "user_assigned_identity" in body["principal_id"] and stack.resolve(body["principal_id"]) == identity
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pipelines_are_trusted_by_exact_subjects(azure, environment):  # ID-1
    stack = azure(environment)
    assert subjects(stack, "pipelines/plan") == {
        "repo:acme/terrace:pull_request",
        "repo:acme/terrace:ref:refs/heads/main",
    }
    assert subjects(stack, "pipelines/apply") == {f"repo:acme/terrace:environment:{environment}"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_plan_only_reads_except_for_its_bundles(azure, environment):  # ID-1
    roles = {role for role, _ in roles_of(azure(environment), "pipelines/plan")}
    planning = {
        f"pipelines/planning-{place}" for place in (("home", "recovery") if environment == "prod" else ("home",))
    }
    reading = {"Reader", "Azure Kubernetes Service RBAC Reader", "Storage Blob Data Reader"}
    seals = set() if environment == "dev" else {"Key Vault Reader"}  # dev's state is local
    assert roles == reading | seals | {"pipelines/bundle-creator", *planning}
    for path, role in azure(environment).all("azurerm_role_definition"):
        if path.startswith("pipelines/planning"):
            (permissions,) = role["permissions"]
            assert not any(action.endswith(("/write", "/delete", "/*")) for action in permissions["data_actions"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_access_to_state_is_limited_to_the_environments_folder(azure, environment):  # ID-1
    for name in ("plan", "apply"):
        condition = azure(environment).one("azurerm_role_assignment", f"pipelines/{name}-state")["condition"]
        assert "containers:name] StringEquals 'state'" in condition
        assert f":path] StringLike '{environment}/*'" in condition
    created = azure(environment).one("azurerm_role_assignment", "pipelines/plan-bundles")["condition"]
    assert f":path] StringLike '{environment}/azure/*/plans/*'" in created
    # a condition restricts data actions only, so the role must not have any other
    (permissions,) = azure(environment).one("azurerm_role_definition", "pipelines/state-writer")["permissions"]
    assert "actions" not in permissions
    assert {action.partition("/blobs/")[2] for action in permissions["data_actions"]} == {"add/action", "read", "write"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_identity_can_assign_itself_privileged_roles(azure, environment):
    stack = azure(environment)
    assert not PRIVILEGED & {body.get("role_definition_name") for _, body in stack.all("azurerm_role_assignment")}
    for path, grant in stack.granted("Role Based Access Control Administrator"):
        assert "roleAssignments/write" in grant["condition"], path
        assert "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" in grant["condition"], path  # Owner


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_identities_that_write_blobs_cannot_delete_containers(azure, environment):  # LAKE-7, BAK-2, ID-1
    stack = azure(environment)
    assert not CONTAINER_ROLES & {body.get("role_definition_name") for _, body in stack.all("azurerm_role_assignment")}
    for path, role in stack.all("azurerm_role_definition"):
        actions = [action for block in role["permissions"] for action in block.get("actions", ())]
        assert not [action for action in actions if "/containers/" in action and not action.endswith("/read")], path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_writers_share_one_role_in_the_environments_group(azure, environment):  # LAKE-7
    stack = azure(environment)
    role = stack.one("azurerm_role_definition", "blob-writer")
    assert role["name"] == f"dpf-{environment}-blob-writer"
    group = f"/subscriptions/{ACCOUNTS['azure'][environment]}/resourceGroups/dpf-{environment}"
    assert role["assignable_scopes"] == [role["scope"]] == [group]
    holders = {
        path
        for path, body in stack.all("azurerm_role_assignment")
        if "blob-writer" in body.get("role_definition_id", "")
    }
    assert holders == {
        "backup/velero-bucket",
        *(
            f"workloads/module-{module}-{folder.partition('/')[0]}-write"
            for module, folders in LAKE.items()
            for folder, access in folders.items()
            if access == "write"
        ),
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("module", sorted(LAKE))
def test_a_module_gets_exactly_its_access_to_data_products(azure, environment, module):  # LAKE-7
    stack, granted = azure(environment), set()
    for path, body in stack.all("azurerm_role_assignment"):
        if not path.startswith(f"workloads/module-{module}-") or "secret" in path:
            continue
        role = body.get("role_definition_name") or stack.resolve(body["role_definition_id"])
        access = next(access for access, name in ROLES.items() if name == role)
        folders = re.findall(r"blobs:path\] StringLike '([^']+)/\*'", body["condition"])
        assert body["condition"] == below(folders, access) and body["condition_version"] == "2.0"
        granted |= {(f"{body['scope'].rsplit('/', 1)[1]}/{folder}", access) for folder in folders}
    assert granted == set(LAKE[module].items())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("module", FOUNDATION_MODULES)
def test_a_module_reads_only_its_secrets_with_its_service_account(azure, environment, module):  # SEC-3
    stack = azure(environment)
    assert subjects(stack, f"workloads/module-{module}") == {f"system:serviceaccount:{module}:{module}"}
    secrets = {scope for role, scope in roles_of(stack, f"workloads/module-{module}") if role.startswith("Key Vault")}
    names = {f"{module}-app"} | ({f"dpf-{environment}-{module}-oidc"} if module in WITH_LOGIN else set())
    assert {scope.partition("/secrets/")[2] for scope in secrets} == names


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_modules_with_a_cache_get_access_to_it(azure, environment):  # CACHE-1
    paths = [path for path, _ in azure(environment).all("azurerm_managed_redis_access_policy_assignment")]
    assert paths == ["workloads/module-airflow-cache", "workloads/module-superset-cache"]


def test_no_identity_has_a_secret(azure):  # ID-1
    types = azure("prod").document["resource"]
    assert not any("password" in type or "certificate_credential" in type for type in types)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bootstrap_job_acts_as_the_databases_administrator(azure, environment):  # DB-9
    bound = azure(environment).one("azurerm_federated_identity_credential", "workloads/database-admin-identity")
    assert bound["subject"] == "system:serviceaccount:terrace-system:database-bootstrap"
    assert bound["user_assigned_identity_id"].endswith(f"/dpf-{environment}-database-admin")


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_rights_on_the_cache_are_given_again_with_its_server(azure, environment):  # CACHE-1
    rights = azure(environment).all("azurerm_managed_redis_access_policy_assignment")
    assert rights
    for path, right in rights:
        (server,) = right["lifecycle"]["replace_triggered_by"]
        assert server.startswith("azurerm_managed_redis.cache_server"), path


def test_rights_on_a_bucket_are_given_again_with_its_account(azure):  # LAKE-7
    stack = azure("prod")
    rights = {
        path: right
        for path, right in stack.all("azurerm_role_assignment")
        if "/blobServices/" in right["scope"] and path.startswith(("workloads/", "backup/velero-bucket"))
    }
    assert "backup/velero-bucket" in rights and len(rights) > 1
    for path, right in rights.items():
        (account,) = right["lifecycle"]["replace_triggered_by"]
        assert account.startswith("azurerm_storage_account.lake_"), path
