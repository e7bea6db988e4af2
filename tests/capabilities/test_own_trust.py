"""The identity that applies can neither change whom it trusts nor its own rights, by evaluation of each cloud's rights.

Not on Google Cloud, whose predefined roles are on the whole project: docs/clouds/gcp.md states the limit.
"""

import copy
from collections.abc import Callable, Iterator

import pytest

from terrace.assurance.access.azure.roles import custom
from terrace.authorization.azure.roles import BUILT_IN, IDENTITIES
from terrace.capabilities.ci import PIPELINES
from tests.conftest import Foundations, SynthesizedStack
from tests.privileges import aws, azure
from tests.privileges.iam_policy import Policies, Request, Statement, is_allowed

_ROLE = (
    *("AttachRolePolicy", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy"),
    *("DetachRolePolicy", "PutRolePolicy", "UpdateAssumeRolePolicy"),
)
_BOUNDARY = ("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion")
_ISSUER = (
    *("AddClientIDToOpenIDConnectProvider", "CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider"),
    "UpdateOpenIDConnectProviderThumbprint",
)
_POWER_USER: Statement = {"Effect": "Allow", "NotAction": ["account:*", "iam:*", "organizations:*"], "Resource": "*"}
"""Source: AWS Managed Policy Reference Guide, "PowerUserAccess"; without the few actions of IAM that it allows."""
_IDENTITY = (
    f"{IDENTITIES}/assign/action",
    f"{IDENTITIES}/delete",
    f"{IDENTITIES}/federatedIdentityCredentials/delete",
    f"{IDENTITIES}/federatedIdentityCredentials/write",
    f"{IDENTITIES}/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Resources/deployments/write",
    "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action",
)


def _on_aws(stack: SynthesizedStack) -> Iterator[str]:
    account = aws.account_of(stack)
    boundary = stack.one("aws_iam_policy", "governance/boundary")
    limit = f"arn:aws:iam::{account.id}:policy/{boundary['name']}"
    role = stack.one("aws_iam_role", "pipelines/apply")
    apply = aws.Role(account, "pipelines/apply", role).arn
    inline = [
        statement
        for _, one in stack.all("aws_iam_role_policy")
        if one["role"] == role["name"] or ("${" in one["role"] and stack.resolve(one["role"]) == "pipelines/apply")
        for statement in account.statements(one["policy"])
    ]
    policies = Policies(identity=[_POWER_USER, *inline], boundary=account.statements(boundary["policy"]))
    roles = [f"arn:aws:iam::{account.id}:role/{stack.one('aws_iam_role', f'pipelines/{p}')['name']}" for p in PIPELINES]
    issuer = f"arn:aws:iam::{account.id}:oidc-provider/token.actions.githubusercontent.com"
    for actions, resources in ((_ROLE, roles), (_BOUNDARY, [limit]), (_ISSUER, [issuer])):
        for resource in resources:
            for action in actions:
                context = {
                    "aws:PrincipalArn": apply,
                    "aws:RequestedRegion": account.region,
                    # what it may give to a role that it makes
                    "iam:PermissionsBoundary": limit,
                }
                asked = Request(apply, f"iam:{action}", resource, context)
                if is_allowed(asked, policies):
                    yield f"{action} on {resource}"


def _on_azure(stack: SynthesizedStack) -> Iterator[str]:
    subscription = azure.subscription_of(stack)
    held = []
    for _, body in stack.all("azurerm_role_assignment"):
        principal = body["principal_id"]
        if "azurerm_user_assigned_identity." in principal and stack.resolve(principal) == "pipelines/apply":
            name, scope = body.get("role_definition_name"), subscription.id(body["scope"])
            path = "" if name else stack.resolve(body["role_definition_id"])
            role = BUILT_IN[name] if name else custom(stack.one("azurerm_role_definition", path)["permissions"])
            held.append((role, f"{scope.lower().rstrip('/')}/"))
    assert len(held) > 5
    for pipeline in PIPELINES:
        one = stack.one("azurerm_user_assigned_identity", f"pipelines/{pipeline}")
        group = stack.one("azurerm_resource_group", stack.resolve(one["resource_group_name"]))["name"]
        within = f"{subscription.group.rsplit('/', 1)[0]}/{group}"
        id = f"{within}/providers/{IDENTITIES}/{one['name']}/"
        for action in _IDENTITY:
            if any(role.allows(action) and id.lower().startswith(scope) for role, scope in held):
                yield f"{action} on {id}"


def _without_the_statement(stack: SynthesizedStack) -> None:
    boundary = stack.one("aws_iam_policy", "governance/boundary")
    boundary["policy"] = boundary["policy"].replace("-ci-*", "-nothing-*")


def _in_the_home_group(stack: SynthesizedStack) -> None:
    stack.one("azurerm_user_assigned_identity", "pipelines/apply")["resource_group_name"] = (
        "${azurerm_resource_group.group.name}"
    )


EVALUATED: dict[str, Callable[[SynthesizedStack], Iterator[str]]] = {"aws": _on_aws, "azure": _on_azure}


@pytest.mark.parametrize("cloud", EVALUATED)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_apply_identity_cannot_change_the_pipelines(foundation: Foundations, environment: str, cloud: str) -> None:
    stack = foundation(environment, None if cloud == "aws" else cloud)
    assert list(EVALUATED[cloud](stack)) == []


@pytest.mark.parametrize(
    ("cloud", "change", "found"),
    [
        ("aws", _without_the_statement, "UpdateAssumeRolePolicy on arn:aws:iam::111122223333:role/dpf-dev-ci-apply"),
        ("azure", _in_the_home_group, "federatedIdentityCredentials/write on /subscriptions/"),
    ],
)
def test_a_way_to_change_them_is_found(
    foundation: Foundations, cloud: str, change: Callable[[SynthesizedStack], None], found: str
) -> None:
    stack = SynthesizedStack(copy.deepcopy(foundation("dev", None if cloud == "aws" else cloud).document))
    change(stack)
    assert any(found in one for one in EVALUATED[cloud](stack))
