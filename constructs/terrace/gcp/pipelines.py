"""Service accounts for CI pipelines, by OIDC federation with GitHub (ID-1)."""

from collections.abc import Sequence

from cdktn_provider_google.iam_workload_identity_pool import IamWorkloadIdentityPool
from cdktn_provider_google.iam_workload_identity_pool_provider import (
    IamWorkloadIdentityPoolProvider,
    IamWorkloadIdentityPoolProviderOidc,
)
from cdktn_provider_google.service_account_iam_member import ServiceAccountIamMember
from constructs import Construct

from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec, PipelinesHandle
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service

GITHUB = "token.actions.githubusercontent.com"

_READING = (
    "roles/artifactregistry.reader",
    "roles/backupdr.viewer",
    "roles/browser",
    "roles/certificatemanager.viewer",
    "roles/cloudasset.viewer",
    "roles/cloudkms.viewer",
    "roles/cloudscheduler.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.viewer",
    "roles/container.clusterViewer",
    "roles/dns.reader",
    "roles/gkebackup.viewer",
    "roles/iam.securityReviewer",
    "roles/logging.viewer",
    "roles/memorystore.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/secretmanager.viewer",
    "roles/securitycenter.notificationConfigViewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
)
"""Permissions of a plan. None of them reads data: no object, no secret's value, no row."""

_CHANGING = (
    "roles/artifactregistry.admin",
    "roles/backupdr.admin",
    "roles/binaryauthorization.policyAdmin",
    "roles/certificatemanager.owner",
    "roles/cloudasset.owner",
    "roles/cloudkms.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/compute.admin",
    "roles/container.admin",
    "roles/dns.admin",
    "roles/essentialcontacts.admin",
    "roles/gkebackup.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/memorystore.admin",
    "roles/monitoring.admin",
    "roles/networkconnectivity.consumerNetworkAdmin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/secretmanager.admin",
    "roles/securitycenter.notificationConfigEditor",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)
"""Roles to apply the foundation. The organisation grants the roles for deny policies, organisation policies and the
budget above the project: roles/iam.denyAdmin, roles/orgpolicy.policyAdmin, roles/billing.costsManager."""


class Pipelines(Construct):
    """Service accounts for the repository's workflows: pull requests and the main branch plan, the environment's jobs
    apply. Source: IAM documentation, "Configure Workload Identity Federation with deployment pipelines".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        self._pool = IamWorkloadIdentityPool(
            self,
            "pool",
            workload_identity_pool_id=_pool_id(target),
            display_name="GitHub Actions",
            description=f"Workflows of {spec.repository}",
            depends_on=[service(self, "iam"), service(self, "sts")],
        )
        planners = (
            f"repo:{spec.repository}:pull_request",
            f"repo:{spec.repository}:ref:refs/heads/{spec.main_branch}",
        )
        # reads and locks the state; granted on the project, because the bucket exists only for remote state
        state = Grant("roles/storage.objectUser", only=names.in_state_bucket(target))
        self._pipeline("plan", spec, target, planners, _READING, state=state)
        self._pipeline("apply", spec, target, (f"repo:{spec.repository}:environment:{target.environment}",), _CHANGING)
        self.handle = PipelinesHandle(
            plan=names.role_email(target, "ci-plan"), apply=names.role_email(target, "ci-apply")
        )

    def _pipeline(
        self,
        name: str,
        spec: IdentitySpec,
        target: Target,
        subjects: Sequence[str],
        roles: Sequence[str],
        **more: Grant,
    ) -> None:
        provider = IamWorkloadIdentityPoolProvider(
            self,
            f"{name}-github",
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=f"github-{name}",
            display_name=f"GitHub, {name}",
            attribute_mapping={"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
            attribute_condition=_federated_trust(target, spec.repository, *subjects),  # ID-1
            oidc=IamWorkloadIdentityPoolProviderOidc(issuer_uri=f"https://{GITHUB}"),
        )
        grants = {role.removeprefix("roles/").replace(".", "-"): Grant(role) for role in roles} | more
        account = iam.role(self, name, target, purpose=f"ci-{name}", title=f"CI, {name}", grants=grants)
        pool = f"projects/{names.number(target)}/locations/global/workloadIdentityPools/{_pool_id(target)}"
        for subject in subjects:
            ServiceAccountIamMember(
                self,
                f"{name}-as-{subject.split(':', 2)[2].replace(':', '-').replace('/', '-')}",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=f"principal://iam.googleapis.com/{pool}/subject/{subject}",  # ID-1
                depends_on=[provider],
            )


def _federated_trust(target: Target, repository: str, *subjects: str) -> str:
    """A condition (CEL) that allows GitHub's jobs with exactly these subjects (ID-1)."""
    owner = names.settings(target).github_owner_id
    conditions = [f"assertion.repository == '{repository}'"]
    if owner:
        conditions.append(f"assertion.repository_owner_id == '{owner}'")
    allowed = " || ".join(f"assertion.sub == '{subject}'" for subject in subjects)
    return " && ".join([*conditions, f"({allowed})"])


def _pool_id(target: Target) -> str:
    """The id of the pool; reserved for thirty days after deletion; 32 characters at most."""
    return names.short(f"{target.prefix}-github", 32)
