"""What the roles of Google Cloud allow, as verbs of the access model.

Lists the roles that a foundation may reasonably grant; any other role is unknown, which is a difference. State of the
roles: June 2026. Source: Google Cloud, "IAM roles and permissions index". Roles that can read objects, secrets or rows
beside their main purpose have those verbs too.
"""

from collections.abc import Iterable, Mapping

from terrace.assurance.access.model import VERBS, Verb

Right = tuple[Verb, str]
"""A verb and the kind of object that it is about."""


def _rights(text: str) -> tuple[Right, ...]:
    """`read-data write-data:lake view:account` as rights; verbs without a kind share the next one."""
    found: list[Right] = []
    waiting: list[Verb] = []
    for word in text.split():
        verb, _, kind = word.partition(":")
        waiting.append(next(one for one in VERBS if one == verb))
        if kind:
            found += [(each, kind) for each in waiting]
            waiting = []
    return tuple(found)


_VIEWERS = (
    "backupdr.viewer", "browser", "certificatemanager.viewer", "cloudasset.viewer", "cloudkms.viewer",
    "cloudscheduler.viewer", "cloudsql.viewer", "compute.viewer", "compute.networkViewer", "dlp.jobTriggersReader",
    "dns.reader", "gkebackup.viewer", "iam.securityReviewer", "iam.roleViewer", "managedkafka.viewer",
    "memorystore.viewer",
    "monitoring.viewer", "orgpolicy.policyViewer", "pubsub.viewer", "secretmanager.viewer",
    "securitycenter.notificationConfigViewer", "serviceusage.serviceUsageConsumer", "serviceusage.serviceUsageViewer",
    "storage.bucketViewer", "storage.legacyBucketReader",
)  # fmt: skip
"""Roles that read metadata. storage.legacyBucketReader also lists the names of objects."""

_DESCRIBED: Mapping[str, str] = {
    # basic roles: every service
    "owner": "administer:everything",
    "editor": "read-data write-data operate:everything",
    "viewer": "view read-data:everything",
    # data
    "storage.objectViewer": "read-data:lake",
    "storage.objectUser": "read-data write-data:lake",
    "storage.objectCreator": "write-data:lake",
    "storage.objectAdmin": "read-data write-data change-policy:lake",
    "storage.legacyObjectReader": "read-data:lake",
    "storage.legacyObjectOwner": "read-data write-data change-policy:lake",
    "storage.legacyBucketWriter": "write-data:lake",
    "storage.legacyBucketOwner": "write-data change-policy:lake",
    "storage.admin": "administer:lake",
    "storage.hmacKeyAdmin": "change-policy:lake",
    "secretmanager.secretAccessor": "read-secret:secrets",
    "secretmanager.secretVersionAdder": "write-secret:secrets",
    "secretmanager.secretVersionManager": "write-secret delete:secrets",
    "secretmanager.admin": "administer:secrets",
    "cloudkms.cryptoKeyEncrypterDecrypter": "encrypt decrypt:keys",
    "cloudkms.cryptoKeyEncrypter": "encrypt:keys",
    "cloudkms.cryptoKeyDecrypter": "decrypt:keys",
    "cloudkms.admin": "change-keys change-policy delete:keys",
    "cloudsql.client": "connect:database",
    "cloudsql.instanceUser": "connect:database",
    "cloudsql.editor": "connect operate:database",
    "cloudsql.admin": "administer:database",
    "managedkafka.client": "connect:streams",
    "managedkafka.admin": "administer:streams",
    "memorystore.dbConnectionUser": "connect:cache",
    "memorystore.admin": "administer:cache",
    "artifactregistry.reader": "read-data:registry",
    "artifactregistry.writer": "read-data write-data:registry",
    "artifactregistry.repoAdmin": "read-data write-data delete:registry",
    "artifactregistry.admin": "administer:registry",
    "dlp.jobTriggersEditor": "read-data:lake",  # a job reads with the rights of Google's agent
    "bigquery.admin": "administer:lake",
    "bigquery.dataViewer": "read-data:lake",
    # identities
    "iam.workloadIdentityUser": "assume:identities",
    "iam.serviceAccountTokenCreator": "assume:identities",
    "iam.serviceAccountOpenIdTokenCreator": "assume:identities",
    "iam.serviceAccountKeyAdmin": "assume:identities",
    "iam.serviceAccountUser": "pass:identities",
    "iam.serviceAccountAdmin": "change-policy operate delete:identities",
    "iam.securityAdmin": "change-policy:everything",
    "iam.roleAdmin": "change-policy:account",
    "iam.organizationRoleAdmin": "change-policy:account",
    "iam.denyAdmin": "change-policy:account",
    "iam.workloadIdentityPoolAdmin": "change-policy:identities",
    "resourcemanager.projectIamAdmin": "change-policy:everything",
    "orgpolicy.policyAdmin": "change-policy:account",
    # network and compute
    "compute.networkUser": "pass:network",
    "compute.networkAdmin": "change-network:network operate:entry",
    "compute.securityAdmin": "change-network:network operate:entry",
    "compute.loadBalancerAdmin": "operate:entry change-network:network",
    "compute.instanceAdmin.v1": "operate:account operate delete:volumes",
    "compute.storageAdmin": "operate delete:volumes",
    "compute.osLogin": "operate:kubernetes",
    "compute.osAdminLogin": "administer:kubernetes",
    "compute.admin": "change-network:network operate:entry operate delete read-data:volumes operate:account",
    "dns.admin": "change-network:dns",
    "networkconnectivity.consumerNetworkAdmin": "change-network:network",
    "certificatemanager.owner": "operate:entry",
    "iap.tunnelResourceAccessor": "change-network:network",
    # the cluster
    "container.clusterViewer": "view:kubernetes",
    "container.viewer": "view:kubernetes",
    "container.developer": "operate:kubernetes",
    "container.clusterAdmin": "operate delete:kubernetes",
    "container.admin": "administer:kubernetes",
    "container.defaultNodeServiceAccount": "operate:monitoring",
    "binaryauthorization.policyAdmin": "change-policy:kubernetes",
    # records, findings, alarms
    "logging.bucketWriter": "write-data:logs",
    "logging.logWriter": "write-data:logs",
    "logging.viewer": "read-data:monitoring view:account",
    "logging.privateLogViewer": "read-data:logs",
    "logging.viewAccessor": "read-data:logs",
    "logging.configWriter": "change-detection operate:logs",
    "logging.admin": "administer:logs",
    "monitoring.metricWriter": "write-data:monitoring",
    "monitoring.editor": "operate change-detection:monitoring",
    "monitoring.admin": "operate change-detection:monitoring",
    "pubsub.publisher": "write-data:topics",
    "pubsub.subscriber": "read-data:topics",
    "pubsub.editor": "read-data write-data operate:topics",
    "pubsub.admin": "administer:topics",
    "essentialcontacts.admin": "change-detection:monitoring",
    "cloudasset.owner": "change-detection:detection",
    "securitycenter.admin": "administer:detection",
    "securitycenter.notificationConfigEditor": "change-detection:detection",
    # backups and the rest
    "backupdr.admin": "administer:backups",
    "backupdr.backupUser": "operate:backups",
    "backupdr.restoreUser": "read-data:backups",
    "gkebackup.admin": "administer:backups",
    "gkebackup.restoreAdmin": "read-data operate:backups",
    "storagetransfer.admin": "read-data write-data:lake",
    "cloudscheduler.admin": "operate:account",
    "serviceusage.serviceUsageAdmin": "operate:account",
}

ROLES: Mapping[str, tuple[Right, ...]] = {
    **{f"roles/{name}": _rights("view:account") for name in _VIEWERS},
    **{f"roles/{name}": _rights(text) for name, text in _DESCRIBED.items()},
}
"""Role to its rights."""

_PERMISSIONS: Mapping[str, str] = {
    "artifactregistry.repositories.downloadArtifacts": "read-data:registry",
    "artifactregistry.repositories.uploadArtifacts": "write-data:registry",
    "cloudkms.cryptoKeyVersions.useToDecrypt": "decrypt:keys",
    "cloudkms.cryptoKeyVersions.useToEncrypt": "encrypt:keys",
    "cloudsql.instances.connect": "connect:database",
    "cloudsql.instances.login": "connect:database",
    "cloudsql.instances.update": "operate:database",
    "compute.disks.": "operate:volumes",
    "compute.snapshots.": "operate:volumes",
    "compute.firewalls.": "change-network:network",
    "compute.networks.": "change-network:network",
    "compute.routes.": "change-network:network",
    "container.clusters.update": "operate:kubernetes",
    "container.pods.exec": "administer:kubernetes",
    "iam.serviceAccounts.actAs": "pass:identities",
    "iam.serviceAccounts.getAccessToken": "assume:identities",
    "iam.serviceAccounts.getOpenIdToken": "assume:identities",
    "iam.serviceAccounts.signBlob": "assume:identities",
    "iam.serviceAccounts.signJwt": "assume:identities",
    "iam.serviceAccountKeys.create": "assume:identities",
    "logging.logEntries.": "read-data:logs",
    "logging.privateLogEntries.": "read-data:logs",
    "logging.sinks.": "change-detection:logs",
    "memorystore.instances.connect": "connect:cache",
    "pubsub.subscriptions.consume": "read-data:topics",
    "pubsub.topics.publish": "write-data:topics",
    "resourcemanager.projects.setIamPolicy": "change-policy:everything",
    "secretmanager.versions.access": "read-secret:secrets",
    "secretmanager.versions.add": "write-secret:secrets",
    "storage.objects.create": "write-data:lake",
    "storage.objects.delete": "write-data:lake",
    "storage.objects.get": "read-data:lake",
    "storage.objects.list": "read-data:lake",
    "storage.objects.update": "write-data:lake",
}
"""Permission, or the beginning of several, to its right: what custom roles may have."""

_METADATA = (".get", ".list", ".getIamPolicy")
_METADATA_OF = ("cloudsql.instances.", "compute.", "container.clusters.", "resourcemanager.projects.", "dns.")
"""Permissions that read metadata, of kinds of resource whose `get` returns no data."""


def of_permissions(permissions: Iterable[str]) -> tuple[tuple[Right, ...], tuple[str, ...]]:
    """The rights of a custom role, and its permissions that are not known."""
    found: dict[Right, None] = {}
    unknown = []
    for permission in permissions:
        if permission.startswith(_METADATA_OF) and permission.endswith(_METADATA):
            found[("view", "account")] = None
            continue
        matches = [key for key in _PERMISSIONS if permission == key or (key[-1] == "." and permission.startswith(key))]
        if not matches:
            unknown.append(permission)
        for key in matches:
            found.update(dict.fromkeys(_rights(_PERMISSIONS[key])))
    return tuple(found), tuple(unknown)
