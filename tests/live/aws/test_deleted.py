"""Resources of AWS whose names are taken after a destroy, on a copy of the deployment."""

import json
from typing import Any

from terrace.capabilities.adoption import Candidate
from terrace.capabilities.blockers import Blocker, Planned
from terrace.live.aws import adopt, deleted
from terrace.live.deleted import found
from terrace.recovery.aws import RESTORE
from tests.conftest import ROOT
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot


def of_a_deleted_secret(site: Site) -> tuple[list[list[Blocker]], list[str | None], set[str]]:
    """What blocks before the deletion of a secret with its key, after it, and restored; the key that a plan adopts at
    each time; the calls of the search and of the restoration."""
    name, key = f"{site.prefix}/airflow/app", site.key("secrets")
    calls: set[str] = set()

    def record(model: Any, **_: Any) -> None:
        calls.add(f"{model.service_model.signing_name}:{model.name}")

    site.session.events.register("before-call.kms", record)
    site.session.events.register("before-call.secrets-manager", record)
    reader = type(site.reader)(site.target, site.session)  # its clients report their calls
    deployment = type(site.deployment)(site.environment, site.target, reader)
    planned = Planned("secret", "aws_secretsmanager_secret", {"name": name})
    tags = {"Name": f"{site.prefix}-secrets", **site.target.tags}

    def blocking() -> list[Blocker]:
        reader.forget({"secretsmanager", "kms"})
        return found(deployment, deleted.CHECKS, [planned])

    def adopted() -> str | None:
        candidate = Candidate("key", "aws_kms_key", {"tags": tags}, site.target.region)
        variables = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}
        return adopt.find([candidate], environment=site.environment.name, variables=variables).get("key")

    seen, keys = [blocking()], [adopted()]
    secrets, kms = site.client("secretsmanager"), site.client("kms")
    secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=[site.recovery_region])
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    calls.clear()
    seen.append(blocking())
    keys.append(adopted())
    for one in seen[-1]:
        RESTORE[planned.type](deployment, one.restore)
    seen.append(blocking())
    keys.append(adopted())
    return seen, keys, calls


def test_a_deleted_secret_is_named_and_restored_with_its_key(snapshot: Snapshot) -> None:
    (before, between, after), keys, calls = snapshot.run(of_a_deleted_secret)
    assert (before, after) == ([], [])
    (blocker,) = between
    assert "exists and is scheduled for deletion on 20" in blocker.message
    assert "`aws secretsmanager restore-secret --secret-id " in blocker.remedy
    assert keys[0] and keys == [keys[0], None, keys[0]]
    granted = {
        action
        for file in (ROOT / "policies" / "deploy" / "aws").glob("*.json")
        for statement in json.loads(file.read_text())["Statement"]
        for action in statement["Action"]
    }
    assert calls >= {"kms:CancelKeyDeletion", "kms:EnableKey", "secretsmanager:RestoreSecret"}
    assert calls - granted == set(), "who deploys cannot recover"
