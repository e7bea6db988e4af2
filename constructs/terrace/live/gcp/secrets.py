"""Checks of Secret Manager (SEC-1 to SEC-4)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, asked, at_least, check, empty, equal, includes
from terrace.capabilities.identity import given_secret
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.live.gcp import database, grants
from terrace.live.gcp.checks import Deployment

READ = "roles/secretmanager.secretAccessor"


def modules(deployment: Deployment) -> list[str]:
    """The modules that use the foundation; each has a secret of its own."""
    return list(deployment.environment.foundation_modules)


def secret_ids(deployment: Deployment, module: str) -> list[str]:
    """The ids of a module's own secret and of its given ones."""
    given = deployment.environment.foundation_modules[module].given_secrets
    named = [given_secret(module, purpose, deployment.prefix) for purpose in given]
    start = f"projects/{names.account(deployment.target)}/secrets"
    return [names.secret(deployment.target, f"{module}-app"), *(f"{start}/{name}" for name in named)]


def secret(deployment: Deployment, id: str) -> dict[str, Any]:
    """A secret. Raises Absent."""
    return deployment.call("secretmanager", "projects.secrets.get", name=id)


def _wanted(deployment: Deployment) -> list[str]:
    if not (found := modules(deployment)):
        raise NotRequired("no enabled module uses the foundation (modules)")
    return found


@check("SEC-1")
def kept_in_the_manager(deployment: Deployment) -> Iterator[Observation]:
    places: list[tuple[str, Place]] = [(deployment.target.region, "home")]
    if deployment.target.recovery_region:
        places.append((deployment.target.recovery_region, "recovery"))
    expected = {region: names.key(deployment.target, "secrets", place) for region, place in places}
    for id in (id for module in _wanted(deployment) for id in secret_ids(deployment, module)):
        resource = f"secret {id.rpartition('/')[2]}"
        replicas = secret(deployment, id).get("replication", {}).get("userManaged", {}).get("replicas", [])
        copies = {
            str(one.get("location")): str(one.get("customerManagedEncryption", {}).get("kmsKeyName"))
            for one in replicas
        }
        shown = ", ".join(f"{region} under {key}" for region, key in sorted(copies.items())) or "anywhere"
        yield Observation(resource, f"copies: {shown}", copies == expected, ", ".join(sorted(expected.values())))
        versions = deployment.pages("secretmanager", "projects.secrets.versions.list", "versions", parent=id)
        live = [one for one in versions if one.get("state") == "ENABLED"]
        yield at_least(resource, "versions", len(live), 1)


@check("SEC-2")
def nobody_has_a_password(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    # the credential is a token of IAM, issued at each login and valid for an hour
    resource, found = f"sql instance {deployment.prefix}", database.users(deployment)
    kinds = {str(one["name"]): str(one.get("type", "BUILT_IN")) for one in found}
    yield includes(resource, "user types", kinds.values(), ["CLOUD_IAM_SERVICE_ACCOUNT"])
    # Cloud SQL creates this user, without a password
    known = [name for name, kind in kinds.items() if not kind.startswith("CLOUD_IAM") and name != "postgres"]
    yield empty(resource, "users with a password", known)
    for instance in (database.server(deployment), *database.copies(deployment)):
        by_iam = database.flags(instance).get("cloudsql.iam_authentication")
        yield equal(f"sql instance {instance['name']}", "cloudsql.iam_authentication", by_iam, "on")


@check("SEC-3")
def own_identity(deployment: Deployment) -> Iterator[Observation]:
    for module in _wanted(deployment):
        namespace = deployment.environment.enabled_modules[module].namespace
        account = names.role_name(deployment.target, f"module-{module}")
        has = grants.pods(deployment, f"module-{module}")
        yield equal(f"account {account}", "service accounts", has, [f"{namespace}/{module}"])
        for id in secret_ids(deployment, module):
            found = grants.on(deployment, "secretmanager", "projects.secrets", id)
            readers = sorted(grant.member for grant in found if grant.role == READ)
            resource = f"secret {id.rpartition('/')[2]}"
            yield equal(resource, "readers", readers, [names.member(deployment.target, f"module-{module}")])
    wide = [grant.member for grant in grants.on_project(deployment) if grant.role == READ]
    yield empty(deployment.project, "identities that can read every secret", wide)


@check("SEC-4")
def rotation_named(deployment: Deployment) -> Iterator[Observation]:
    expected = str(deployment.environment.secrets.rotation_days)
    for module in _wanted(deployment):
        for id in secret_ids(deployment, module):
            resource, labels = f"secret {id.rpartition('/')[2]}", secret(deployment, id).get("labels", {})
            yield equal(resource, "rotated-by", labels.get("rotated-by"), module)
            yield equal(resource, "rotation-days", labels.get("rotation-days"), expected)
