"""Rights that no environment declares: bindings of every kind, conditions, trust, keys."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, add, put, remove, to

PROJECT, OUTSIDER = "acme-data-prod", "user:someone@gmail.com"
APPLY = "pipelines/apply"
_POOL = "iam.googleapis.com/projects/345678901234/locations/global/workloadIdentityPools/dpf-prod-github"


def _added(sentence: str, type: str, path: str, /, **attributes: Any) -> Danger:
    return Danger("grants", sentence, add(type, path, attributes), f"{type} {path}")


def _on_project(sentence: str, name: str, role: str, member: str, only: str = "") -> Danger:
    condition = {"condition": {"title": "only", "expression": only}} if only else {}
    return _added(
        sentence, "google_project_iam_member", f"governance/{name}", project=PROJECT, role=role, member=member,
        **condition,
    )  # fmt: skip


def _put(sentence: str, type: str, path: str, attribute: str, value: Any) -> Danger:
    return Danger("grants", sentence, put(type, path, attribute, value), f"{type} {path}")


def _policy_document(stack: Stack) -> None:
    """The project's whole policy, from a data source."""
    stack.setdefault("data", {}).setdefault("google_iam_policy", {})["all"] = {
        "binding": [{"role": "roles/owner", "members": [OUTSIDER]}]
    }
    add(
        "google_project_iam_policy",
        "governance/policy",
        {"project": PROJECT, "policy_data": "${data.google_iam_policy.all.policy_data}"},
    )(stack)


def _account(name: str) -> str:
    return f"serviceAccount:dpf-prod-{name}@acme-data-prod.iam.gserviceaccount.com"


GOLD, KEY = "dpf-prod-gold-345678901234", f"projects/{PROJECT}/locations/europe-west3/keyRings/dpf-prod"
SECRET = f"projects/{PROJECT}/secrets/dpf-prod-airflow-app"

DANGERS = [
    _on_project("an outside group administers storage", "storage", "roles/storage.admin", "group:team@vendor.example"),
    _on_project("a person edits the project", "editor", "roles/editor", "user:intern@example.com"),
    _on_project("a person views the project", "viewer", "roles/viewer", "user:intern@example.com"),
    _on_project("the whole company reads the lake", "domain", "roles/storage.objectViewer", "domain:example.com"),
    _on_project("a module owns the project", "owner", "roles/owner", _account("module-airflow")),
    _on_project("a module reads the whole lake", "lake", "roles/storage.objectViewer", _account("module-airflow")),
    _on_project("a module reads every secret", "secrets", "roles/secretmanager.secretAccessor", _account("velero")),
    _on_project("nodes act as every account", "nodes", "roles/iam.serviceAccountTokenCreator", _account("nodes")),
    _on_project("nodes read the lake", "nodes-lake", "roles/storage.objectViewer", _account("nodes")),
    _on_project("the plan identity changes firewalls", "plan", "roles/compute.securityAdmin", _account("ci-plan")),
    _on_project(
        "the plan identity reads secrets", "plan-secrets", "roles/secretmanager.secretAccessor", _account("ci-plan")
    ),
    _on_project("the apply identity uses keys", "decrypt", "roles/cloudkms.cryptoKeyDecrypter", _account("ci-apply")),
    _on_project(
        "the default account of machines edits", "default", "roles/editor",
        "serviceAccount:345678901234-compute@developer.gserviceaccount.com",
    ),
    _on_project(
        "a service agent of another project writes the lake", "agent", "roles/storage.objectAdmin",
        "serviceAccount:service-999999999999@gs-project-accounts.iam.gserviceaccount.com",
    ),
    _on_project(
        "condition that is true for every bucket", "prefix", "roles/storage.objectViewer", _account("module-airflow"),
        'resource.name.startsWith("projects/_/buckets/")',
    ),
    _on_project(
        "condition with an alternative that is always true", "always", "roles/storage.objectViewer",
        _account("module-spark"), f'resource.name.startsWith("projects/_/buckets/{GOLD}/") || resource.name != ""',
    ),
    _on_project(
        "condition on time that never ends", "time", "roles/secretmanager.admin", "user:admin@example.com",
        'request.time < timestamp("2126-01-01T00:00:00Z")',
    ),
    _on_project("a role outside the table of roles", "unknown", "roles/visionai.admin", _account("module-spark")),
    _on_project("a custom role from outside", "custom", "organizations/1/roles/helper", _account("module-spark")),
    _on_project("workloads of every namespace view logs", "pods", "roles/logging.privateLogViewer",
                f"principalSet://iam.googleapis.com/projects/345678901234/locations/global/workloadIdentityPools/"
                f"{PROJECT}.svc.id.goog/namespace/default"),
    _added(
        "the public may read the project's storage", "google_project_iam_binding", "governance/public",
        project=PROJECT, role="roles/storage.objectViewer", members=["allUsers"],
    ),
    _added(
        "signed-in people may read a bucket", "google_storage_bucket_iam_binding", "lake/public", bucket=GOLD,
        role="roles/storage.objectViewer", members=["allAuthenticatedUsers"],
    ),
    Danger("grants", "a policy document makes an outsider the owner", _policy_document,
           "google_project_iam_policy governance/policy"),
    _added(
        "policy of a bucket as text", "google_storage_bucket_iam_policy", "lake/policy", bucket=GOLD,
        policy_data='{"bindings": [{"role": "roles/storage.admin", "members": ["user:someone@gmail.com"]}]}',
    ),
    _added(
        "an outsider reads a layer", "google_storage_bucket_iam_member", "lake/outsider", bucket=GOLD,
        role="roles/storage.objectViewer", member=OUTSIDER,
    ),
    _added(
        "a module writes a layer that it only reads", "google_storage_bucket_iam_member", "workloads/more",
        bucket=GOLD, role="roles/storage.objectUser", member=_account("module-superset"),
    ),
    _added(
        "legacy owner of a bucket for the project's editors", "google_storage_bucket_iam_member", "lake/legacy",
        bucket=GOLD, role="roles/storage.legacyBucketOwner", member=f"projectEditor:{PROJECT}",
    ),
    _added(
        "access control list for everybody", "google_storage_bucket_acl", "lake/acl", bucket=GOLD,
        role_entity=["READER:allUsers"],
    ),
    _added(
        "an outsider reads a secret", "google_secret_manager_secret_iam_binding", "secrets/outsider", secret_id=SECRET,
        role="roles/secretmanager.secretAccessor", members=[_account("module-airflow"), OUTSIDER],
    ),
    _added(
        "one module reads another's secret", "google_secret_manager_secret_iam_member", "workloads/other-secret",
        secret_id=SECRET, role="roles/secretmanager.secretAccessor", member=_account("module-spark"),
    ),
    *(
        _added(
            f"an outsider has {role} on a secret", "google_secret_manager_secret_iam_member", f"secrets/{role}",
            secret_id=SECRET, role=f"roles/secretmanager.{role}", member=OUTSIDER,
        )
        for role in ("secretVersionAdder", "secretVersionManager", "admin", "viewer")
    ),
    _on_project(
        "a person manages versions of every secret", "versions", "roles/secretmanager.secretVersionManager",
        "user:intern@example.com",
    ),
    _added(
        "an outsider restores the cluster's backups", "google_gke_backup_backup_plan_iam_member", "backup/outsider",
        name="dpf-prod", role="roles/gkebackup.restoreAdmin", member=OUTSIDER,
    ),
    _added(
        "another project reads the findings", "google_pubsub_subscription_iam_member", "audit/outsider",
        subscription="dpf-prod-findings", role="roles/pubsub.subscriber",
        member="serviceAccount:reader@other-project.iam.gserviceaccount.com",
    ),
    _put("deny policy lets a person read secrets", "google_iam_deny_policy", "governance/ceiling",
         "rules.3.deny_rule.exception_principals", ["principal://goog/subject/someone@example.com"]),
    _put("deny policy without changes of sinks", "google_iam_deny_policy", "governance/ceiling",
         "rules.2.deny_rule.denied_permissions", ["logging.googleapis.com/buckets.update"]),
    _added(
        "an outsider decrypts with the lake's key", "google_kms_crypto_key_iam_member", "keys/outsider",
        crypto_key_id=f"{KEY}/cryptoKeys/lake", role="roles/cloudkms.cryptoKeyDecrypter", member=OUTSIDER,
    ),
    _added(
        "a key ring for a module", "google_kms_key_ring_iam_binding", "keys/ring",
        key_ring_id=to("google_kms_key_ring", "keys/home-ring", "id"),
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter", members=[_account("module-airflow")],
    ),
    _added(
        "a service uses a key of another purpose", "google_kms_crypto_key_iam_member", "keys/other-purpose",
        crypto_key_id=f"{KEY}/cryptoKeys/secrets", role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member="serviceAccount:service-345678901234@gcp-sa-pubsub.iam.gserviceaccount.com",
    ),
    _added(
        "a personal account makes tokens of the apply identity", "google_service_account_iam_member",
        "pipelines/personal", service_account_id=to("google_service_account", APPLY, "name"),
        role="roles/iam.serviceAccountTokenCreator", member=OUTSIDER,
    ),
    _added(
        "pull requests act as the apply identity", "google_service_account_iam_member", "pipelines/pull-request",
        service_account_id=to("google_service_account", APPLY, "name"), role="roles/iam.workloadIdentityUser",
        member=f"principal://{_POOL}/subject/repo:acme/terrace:pull_request",
    ),
    _added(
        "every workflow of the pool acts as the apply identity", "google_service_account_iam_member",
        "pipelines/all", service_account_id=to("google_service_account", APPLY, "name"),
        role="roles/iam.workloadIdentityUser", member=f"principalSet://{_POOL}/*",
    ),
    _added(
        "pods of another namespace act as Velero", "google_service_account_iam_binding", "backup/pods",
        service_account_id=to("google_service_account", "backup/velero", "name"),
        role="roles/iam.workloadIdentityUser",
        members=[f"serviceAccount:{PROJECT}.svc.id.goog[velero/velero]",
                 f"serviceAccount:{PROJECT}.svc.id.goog[default/default]"],
    ),
    _added(
        "a module may attach the apply identity", "google_service_account_iam_member", "pipelines/pass",
        service_account_id=to("google_service_account", APPLY, "name"), role="roles/iam.serviceAccountUser",
        member=_account("module-airflow"),
    ),
    _added(
        "the public pulls images", "google_artifact_registry_repository_iam_member", "registry/public",
        repository="dpf-prod-airflow", location="europe-west3", role="roles/artifactregistry.reader", member="allUsers",
    ),
    _added(
        "an outsider pushes images", "google_artifact_registry_repository_iam_binding", "registry/push",
        repository="dpf-prod-airflow", location="europe-west3", role="roles/artifactregistry.writer",
        members=[OUTSIDER],
    ),
    _added(
        "an outsider publishes alarms", "google_pubsub_topic_iam_member", "observability/outsider",
        topic="dpf-prod-critical", role="roles/pubsub.publisher", member=OUTSIDER,
    ),
    _added(
        "an outsider changes the public zone", "google_dns_managed_zone_iam_member", "entry/outsider",
        managed_zone=to("google_dns_managed_zone", "entry/zone", "name"), role="roles/dns.admin", member=OUTSIDER,
    ),
    _added("static key of the apply identity", "google_service_account_key", "pipelines/key",
           service_account_id=to("google_service_account", APPLY, "name")),
    _added(
        "job that runs as the apply identity", "google_cloud_scheduler_job", "cost/job", name="job",
        region="europe-west3", schedule="* * * * *",
        http_target={"uri": "https://collect.example.net/", "oauth_token":
                     {"service_account_email": "dpf-prod-ci-apply@acme-data-prod.iam.gserviceaccount.com"}},
    ),
    _added(
        "database user with a password", "google_sql_user", "database/service", instance="dpf-prod", name="service",
        type="BUILT_IN", password_wo="x", password_wo_version=1,
    ),
    _added("an outsider is a user of the database", "google_sql_user", "database/outsider", instance="dpf-prod",
           name="someone@gmail.com", type="CLOUD_IAM_USER"),
    _put("a module is an administrator of the database", "google_sql_user", "workloads/module-airflow-user",
         "database_roles", ["cloudsqlsuperuser"]),
    _put("a module logs in to every database", "google_project_iam_member", "workloads/module-airflow-login",
         "condition", {"title": "only", "expression": 'resource.type == "sqladmin.googleapis.com/Instance"'}),
    _put("provider of the pool with another issuer", "google_iam_workload_identity_pool_provider",
         "pipelines/apply-github", "oidc.issuer_uri", "https://gitlab.com"),
    _put("provider that trusts every workflow of the repository", "google_iam_workload_identity_pool_provider",
         "pipelines/apply-github", "attribute_condition", "assertion.repository == 'acme/terrace'"),
    _put("provider whose condition is always true", "google_iam_workload_identity_pool_provider",
         "pipelines/plan-github", "attribute_condition", "assertion.repository == 'acme/terrace' || true"),
    _put("provider that takes the subject from another claim", "google_iam_workload_identity_pool_provider",
         "pipelines/apply-github", "attribute_mapping", {"google.subject": "assertion.actor"}),
    _put("deny policy without rules", "google_iam_deny_policy", "governance/ceiling", "rules", []),
    _put("deny policy that excepts a person", "google_iam_deny_policy", "governance/ceiling",
         "rules.1.deny_rule.exception_principals", ["principal://goog/subject/someone@example.com"]),
    _put("deny policy under a condition that is never true", "google_iam_deny_policy", "governance/ceiling",
         "rules.0.deny_rule.denial_condition", {"expression": 'resource.matchTag("x/y", "z")'}),
    _put("custom role of Velero reads secrets", "google_project_iam_custom_role", "backup/velero-volumes",
         "permissions", ["compute.snapshots.create", "secretmanager.versions.access"]),
    _put("default accounts keep their rights", "google_project_default_service_accounts",
         "governance/default-accounts", "action", "DEPRIVILEGE"),
    _put("group of another domain in the cluster", "google_container_cluster", "cluster/cluster",
         "authenticator_groups_config.security_group", "gke-security-groups@vendor.example"),
    _put("nodes run as the apply identity", "google_container_node_pool", "cluster/pool-spot",
         "node_config.service_account", "dpf-prod-ci-apply@acme-data-prod.iam.gserviceaccount.com"),
    Danger("grants", "apply identity trusts no workflow",
           remove("google_service_account_iam_member", "pipelines/apply-as-environment-prod"),
           "google_service_account pipelines/apply"),
]  # fmt: skip
