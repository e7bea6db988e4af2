"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator, Mapping

from terrace.assurance import access
from terrace.assurance.access.gcp.principals import trusted_workflows
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import unset
from terrace.assurance.evaluation import NotRequired, Observation, check, equal, includes
from terrace.assurance.view import blocks
from terrace.gcp import names

_EVERYBODY = ["principalSet://goog/public:all"]
_CEILING: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("iam.googleapis.com/serviceAccountKeys.create",): (),
    (
        "cloudkms.googleapis.com/cryptoKeyVersions.destroy",
        "logging.googleapis.com/buckets.delete", "logging.googleapis.com/sinks.delete",
    ): ("apply",),
    (
        "logging.googleapis.com/buckets.update", "logging.googleapis.com/sinks.update",
        "securitycenter.googleapis.com/muteconfigs.create", "securitycenter.googleapis.com/muteconfigs.update",
        "securitycenter.googleapis.com/notificationconfig.delete",
        "securitycenter.googleapis.com/notificationconfig.update",
    ): ("apply", "administrators"),
    ("secretmanager.googleapis.com/versions.access",): ("accounts", "administrators"),
    tuple(
        f"secretmanager.googleapis.com/{verb}"
        for verb in (
            "secrets.delete", "secrets.setIamPolicy", "secrets.update", "versions.add", "versions.destroy",
            "versions.disable", "versions.enable",
        )
    ): ("apply", "administrators"),
}  # fmt: skip
"""What every identity is denied, and who is excepted."""


@check("ID-1")
def federated_login(stack: Subject) -> Iterator[Observation]:
    identity = stack.environment.identity
    jobs = identity.jobs(stack.environment.name, stack.environment.tier)
    audience = identity.audience("")
    for provider in stack.all("google_iam_workload_identity_pool_provider"):
        yield equal(str(provider), "issuer", provider.get("oidc.issuer_uri"), identity.issuer)
        pipeline = provider.path.removeprefix("pipelines/").removesuffix(f"-{identity.ci}")
        expected = next((names.pipeline_condition(identity, own) for name, own in jobs.items() if name == pipeline), "")
        yield equal(str(provider), "attribute_condition", provider.get("attribute_condition"), expected)
        mapping = identity.tokens.mapping(identity)
        yield equal(str(provider), "attribute_mapping", provider.get("attribute_mapping"), mapping)
        if audience:
            yield equal(str(provider), "audiences", provider.get("oidc.allowed_audiences"), [audience])
        else:
            yield from unset(provider, "oidc.allowed_audiences")
        yield from unset(provider, "oidc.jwks_json", "aws", "saml", "x509")
    for purpose in ("plan", "apply"):
        account = stack.one("google_service_account", f"pipelines/{purpose}")
        grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
        subjects = [str(one.get("member")).partition("/subject/")[2] for one in grants]
        trusted = [subject for name, subject in trusted_workflows(stack) if name == purpose]
        yield includes(str(account), "trusted workflows", subjects, trusted)
    bundles = stack.one("google_project_iam_member", "pipelines/plan-bundles")
    yield equal(str(bundles), "role on bundles of plans", bundles.get("role"), "roles/storage.objectCreator")
    for key in stack.all("google_service_account_key", or_none=True):
        yield Observation(str(key), "a static key", False, "no key")


@check("ID-1")
def declared_pipelines_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-1")


@check("ID-2")
def ceiling(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired("owns_account is false; another environment manages the project")
    policy = stack.one("google_iam_deny_policy", "governance/ceiling")
    yield equal(str(policy), "project", str(policy.get("parent")).endswith(f"%2F{names.account(stack.target)}"), True)
    target = stack.target
    principals = {
        "apply": names.principal(target, "ci-apply"),
        "accounts": f"principalSet://cloudresourcemanager.googleapis.com/projects/{names.number(target)}/type/ServiceAccount",
        "administrators": f"principalSet://goog/group/{names.settings(target).admin_group}",
    }
    rules = {
        tuple(sorted(rule.get("denied_permissions") or [])): rule
        for block in policy.blocks("rules")
        for rule in blocks(block, "deny_rule")
    }
    for denied, excepted in _CEILING.items():
        rule = rules.get(denied, {})
        yield equal(str(policy), f"denied {', '.join(denied)}", rule.get("denied_principals"), _EVERYBODY)
        exceptions = rule.get("exception_principals") or []
        yield equal(str(policy), "exceptions", exceptions, [principals[one] for one in excepted])
        narrowed = [key for key in ("denial_condition", "exception_permissions") if rule.get(key)]
        yield equal(str(policy), "narrowed by", narrowed, [])
    defaults = stack.one("google_project_default_service_accounts", "governance/default-accounts")
    yield equal(str(defaults), "action", defaults.get("action"), "DISABLE")


@check("ID-2")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-2")
