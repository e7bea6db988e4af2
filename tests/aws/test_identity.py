"""IAM roles of pipelines and workloads on AWS (ID-1, LAKE-7, SEC-3)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from terrace.aws.iam import document
from terrace.aws.identity import lake_statements
from terrace.capabilities.identity import Granted
from terrace.capabilities.lake import BUCKETS, LakeHandle
from terrace.capabilities.spec import LAYERS, Access
from terrace.environment.rules.data import MAX_PARTS, MAX_PRODUCTS
from tests.conftest import ACCOUNTS, FOUNDATION_MODULES, WITH_LOGIN, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def statements(text: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(text)["Statement"]
    return parsed


def inline(stack: SynthesizedStack, role: str) -> dict[str, list[dict[str, Any]]]:
    """A role's inline policies by name; `role` is its construct path."""
    return {
        body["name"]: statements(body["policy"])
        for _, body in stack.all("aws_iam_role_policy")
        if body["role"].startswith("${") and stack.resolve(body["role"]) == role
    }


def actions(statement: dict[str, Any]) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pipelines_are_trusted_by_exact_subjects(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    claims = {}
    for purpose in ("plan", "apply"):
        trusts = statements(stack.one("aws_iam_role", f"pipelines/{purpose}")["assume_role_policy"])
        for trust in trusts:
            assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
            assert set(trust["Condition"]) == {"StringEquals"}  # no pattern
        claims[purpose] = [
            {key.removeprefix("token.actions.githubusercontent.com:"): value for key, value in equal.items()}
            for equal in (trust["Condition"]["StringEquals"] for trust in trusts)
        ]
    audience, branch = {"aud": "sts.amazonaws.com"}, {"ref": "refs/heads/main"}
    job = f"repo:acme/terrace:environment:{environment}"
    assert claims == {
        "plan": [
            {**audience, "sub": "repo:acme/terrace:pull_request"},
            {**audience, "sub": "repo:acme/terrace:ref:refs/heads/main", **branch},
        ],
        "apply": [{**audience, "sub": job, "environment": environment, **branch}],
    }  # ID-1


def test_a_plan_reads_but_neither_secrets_nor_data(foundation: Foundation) -> None:
    stack = foundation("prod")
    managed = {
        stack.resolve(body["role"]): body["policy_arn"]
        for path, body in stack.all("aws_iam_role_policy_attachment")
        if path.startswith("pipelines/")
    }
    assert managed["pipelines/plan"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"  # ID-1
    policies = inline(stack, "pipelines/plan")
    denied = {action for each in policies["no-data"] for action in actions(each) if each["Effect"] == "Deny"}
    assert {"secretsmanager:GetSecretValue", "s3:GetObject*", "kms:Decrypt"} <= denied
    granted = {action for each in policies["state"] for action in actions(each)}
    assert granted == {"s3:PutObject", "kms:GenerateDataKey", "kms:Decrypt", "secretsmanager:GetRandomPassword"}
    (plans,) = [each for each in policies["state"] if each["Sid"] == "NewPlans"]
    states = f"arn:aws:s3:::dpf-state-{ACCOUNTS['aws']['prod']}/prod/aws"
    assert plans["Resource"] == [f"{states}/prod/plans/*", f"{states}/prod-workloads/plans/*"]
    assert plans["Condition"] == {"Null": {"s3:if-none-match": "false"}}  # only new objects


def test_apply_creates_roles_only_with_the_boundary_and_passes_them_only_to_used_services(
    foundation: Foundation,
) -> None:
    stack = foundation("prod")
    by_name = {each["Sid"]: each for each in inline(stack, "pipelines/apply")["roles"]}
    making = [each for each in by_name.values() if {"iam:CreateRole", "iam:PutRolePolicy"} & actions(each)]
    assert making == [by_name["RolesUnderTheBoundary"]]
    condition = by_name["RolesUnderTheBoundary"]["Condition"]["StringEquals"]
    assert condition == {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNTS['aws']['prod']}:policy/dpf-prod-boundary"}
    services = set()
    for environment in ENVIRONMENTS:
        for _, role in foundation(environment).all("aws_iam_role"):
            for trust in statements(role["assume_role_policy"]):
                services |= {trust["Principal"]["Service"]} if "Service" in trust["Principal"] else set()
    passed = set(by_name["PassToServices"]["Condition"]["StringEquals"]["iam:PassedToService"])
    assert passed == services | {"config.amazonaws.com"}  # AWS Config has a service-linked role


@pytest.mark.parametrize(
    ("module", "reads", "writes"),
    [
        ("airflow", {"artifacts/airflow"}, {"bronze/orders", "silver/orders"}),
        (
            "spark",
            {"bronze/orders", "bronze/web-events"},
            {"silver/orders", "silver/web-events", "gold/orders", "gold/web-events"},
        ),
        ("superset", {"gold/orders", "gold/web-events"}, set()),
    ],
)
def test_a_module_gets_exactly_its_access_to_data_products(
    foundation: Foundation, module: str, reads: set[str], writes: set[str]
) -> None:
    policies = inline(foundation("prod"), f"workloads/module-{module}")
    rights: dict[str, set[str]] = {"read": set(), "write": set()}
    listed = set()
    for each in policies["lake"]:  # LAKE-7
        if "s3:GetObject" in actions(each):
            writing = {"s3:PutObject", "s3:DeleteObject"} <= actions(each)
            rights["write" if writing else "read"] |= {folder_of(one) for one in each["Resource"]}
        elif "s3:ListBucket" in actions(each):
            assert set(each["Condition"]) == {"StringLike"}
            prefixes = each["Condition"]["StringLike"]["s3:prefix"]
            listed |= {folder_of(f"{each['Resource']}/{prefix}") for prefix in prefixes}
        else:
            assert actions(each) == {"s3:GetBucketLocation"}
    assert rights == {"read": reads, "write": writes}
    assert listed == reads | writes
    (lake_key,) = [each for each in policies["keys"] if each["Sid"] == "LakeKey"]
    assert ("kms:GenerateDataKey" in actions(lake_key)) is bool(writes)


def folder_of(arn: str) -> str:
    """BUCKET/FOLDER of the ARN of a folder's objects."""
    bucket, folder, rest = arn.removeprefix("arn:aws:s3:::dpf-prod-").split("/")
    layer, account = bucket.split("-")
    assert rest == "*" and account == ACCOUNTS["aws"]["prod"]
    return f"{layer}/{folder}"


def test_the_rights_to_as_many_products_as_a_module_may_use_fit_in_a_role() -> None:
    """A role's inline policies have 10,240 characters at most, without white space."""
    bucket = f"arn:aws-us-gov:s3:::{'p' * 12}-{'e' * 12}-platinum-{'1' * 12}"
    lake = LakeHandle(names={}, ids=dict.fromkeys(BUCKETS, bucket), uris={}, ready=())
    folders = [f"{'f' * 21}{number:03}" for number in range(MAX_PRODUCTS)]
    parts = [(layer, folder) for layer in LAYERS for folder in folders][:MAX_PARTS]
    access: dict[Granted, dict[str, Access]] = {"artifacts": {"a" * 24: "write"}}
    for layer, folder in parts:
        access.setdefault(layer, {})[folder] = "write"
    others = 1500  # secret, database, cache and keys
    assert len(document(*lake_statements(access, lake)).replace(" ", "")) + others < 10_240


@pytest.mark.parametrize(("module", "connects"), [("airflow", True), ("spark", False), ("superset", True)])
def test_a_module_connects_as_itself(foundation: Foundation, module: str, connects: bool) -> None:
    policies = inline(foundation("prod"), f"workloads/module-{module}")
    assert ("database" in policies) is ("cache" in policies) is connects
    if connects:
        (login,) = policies["database"]
        assert login["Action"] == "rds-db:connect"
        assert login["Resource"].endswith(f".resource_id}}/{module}")
        (cache,) = policies["cache"]
        assert (
            cache["Resource"][1] == f"arn:aws:elasticache:eu-central-1:{ACCOUNTS['aws']['prod']}:user:dpf-prod-{module}"
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_modules_grant_no_action_and_no_resource_by_wildcard(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    for module in FOUNDATION_MODULES:
        for policy in inline(stack, f"workloads/module-{module}").values():
            for each in policy:
                assert not [action for action in actions(each) if "*" in action]
                assert each["Resource"] != "*"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_modules_read_secrets_with_their_own_role(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    for module in FOUNDATION_MODULES:
        role = stack.one("aws_iam_role", f"workloads/module-{module}")
        pods, external = statements(role["assume_role_policy"])
        assert pods["Principal"] == {"Service": "pods.eks.amazonaws.com"}  # SEC-3
        assert external["Principal"] == {
            "AWS": [f"arn:aws:iam::{ACCOUNTS['aws'][environment]}:role/dpf-{environment}-external-secrets"]
        }
        assert [stack.resolve(f"{name}.id") for name in role["depends_on"]] == ["workloads/external-secrets"]
        (own,) = inline(stack, f"workloads/module-{module}")["secret"]
        readable = [own["Resource"]] if isinstance(own["Resource"], str) else own["Resource"]
        given = [f"dpf-{environment}-{module}-oidc-??????"] if module in WITH_LOGIN else []
        ends = [resource.rpartition(":secret:")[2] for resource in readable]
        assert ends == [f"dpf-{environment}/{module}/app-??????", *given]  # SEC-3
        binding = stack.one("aws_eks_pod_identity_association", f"workloads/module-{module}-identity")
        assert (binding["namespace"], binding["service_account"]) == (module, module)
        assert stack.resolve(binding["role_arn"]) == f"workloads/module-{module}"
    (become,) = inline(stack, "workloads/external-secrets")["rights"]
    start = f"arn:aws:iam::{ACCOUNTS['aws'][environment]}:role/dpf-{environment}"
    assert become["Resource"] == [f"{start}-module-*", f"{start}-database-bootstrap"]
    assert actions(become) == {"sts:AssumeRole", "sts:TagSession"}


def test_platform_components_change_only_their_own_resources(foundation: Foundation) -> None:
    stack = foundation("prod")
    looking = ("Describe", "Get", "List")
    for component in ("cert-manager", "cluster-autoscaler", "external-dns", "external-secrets", "load-balancer"):
        for each in inline(stack, f"workloads/{component}")["rights"]:
            if each["Resource"] == "*":
                assert all(action.split(":")[1].startswith(looking) for action in actions(each)), component


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bootstrap_job_reads_the_administrators_secret_only(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    (read, key) = inline(stack, "workloads/database-bootstrap")["secret"]  # DB-9
    assert actions(read) == {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
    assert stack.resolve(read["Resource"]) == "database/server" and "master_user_secret" in read["Resource"]
    assert actions(key) == {"kms:Decrypt"} and stack.resolve(key["Resource"]) == "keys/secrets"
    pods, external = statements(stack.one("aws_iam_role", "workloads/database-bootstrap")["assume_role_policy"])
    assert pods["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert external["Principal"]["AWS"][0].endswith(f":role/dpf-{environment}-external-secrets")
    binding = stack.one("aws_eks_pod_identity_association", "workloads/database-bootstrap-identity")
    assert (binding["namespace"], binding["service_account"]) == ("terrace-system", "database-bootstrap")


def test_cert_manager_writes_challenges_only(foundation: Foundation) -> None:
    rights = {each["Sid"]: each for each in inline(foundation("prod"), "workloads/cert-manager")["rights"]}
    types = {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}
    assert rights["Challenges"]["Condition"] == {"ForAllValues:StringEquals": types}
    assert {action for each in rights.values() for action in actions(each)} == {
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
        "route53:ListResourceRecordSets",
    }
