"""The objects of the access model on Google Cloud: what resources are, and what conditions leave of a role.

Names are those that the environment computes. Source of names in conditions: IAM documentation, "Attribute reference
for IAM Conditions".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from terrace.assurance.access.gcp.principals import Principals
from terrace.assurance.checks import Subject
from terrace.assurance.view import Reference
from terrace.authorization.gcp import BUCKET, OBJECT, can_be_evaluated, holds
from terrace.capabilities.identity import given_secret
from terrace.capabilities.keys import PURPOSES
from terrace.capabilities.lake import BUCKETS
from terrace.gcp import names
from terrace.gcp.names import Place

_WHOLE: Mapping[str, tuple[str, ...]] = {
    "lake": ("lake/*", "state"),
    **{
        kind: (f"{kind}/*",)
        for kind in ("secrets", "keys", "database", "cache", "streams", "registry", "identities", "dns")
    },
    "logs": ("detection", "monitoring"),
    "topics": ("detection", "monitoring"),
}
"""All objects of a kind; a kind that is not here is one object."""

_FORMS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lake": (
        ("projects/_/buckets/{}", BUCKET),
        ("projects/_/buckets/{}/objects/x", OBJECT),
    ),
    "secrets": (
        ("projects/{id}/secrets/{}", "secretmanager.googleapis.com/Secret"),
        ("projects/{id}/secrets/{}/versions/1", "secretmanager.googleapis.com/SecretVersion"),
        ("projects/{number}/secrets/{}/versions/1", "secretmanager.googleapis.com/SecretVersion"),
    ),
    "keys": (
        ("{}", "cloudkms.googleapis.com/CryptoKey"),
        ("{}/cryptoKeyVersions/1", "cloudkms.googleapis.com/CryptoKeyVersion"),
    ),
    "database": (("projects/{id}/instances/{}", "sqladmin.googleapis.com/Instance"),),
    "cache": (("projects/{id}/locations/{region}/instances/{}", "memorystore.googleapis.com/Instance"),),
    "registry": (("projects/{id}/locations/{region}/repositories/{}", "artifactregistry.googleapis.com/Repository"),),
    "logs": (("projects/{id}/locations/{region}/buckets/{}", "logging.googleapis.com/LogBucket"),),
    "identities": (("projects/{id}/serviceAccounts/{}", "iam.googleapis.com/ServiceAccount"),),
}
"""The name of a resource in conditions, and its type, for each kind that conditions can narrow."""

_TEXT = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NAMES = {
    "google_storage_bucket": "name", "google_secret_manager_secret": "secret_id", "google_pubsub_topic": "name",
    "google_dns_managed_zone": "name", "google_artifact_registry_repository": "repository_id",
    "google_kms_key_ring": "name", "google_pubsub_subscription": "name",
}  # fmt: skip


@dataclass(frozen=True)
class Objects:
    """Names the resources of a stack."""

    stack: Subject
    principals: Principals

    @cached_property
    def _known(self) -> Mapping[str, Mapping[str, str]]:
        """For each kind of `_FORMS`, the name of a resource to its object."""
        target, environment = self.stack.target, self.stack.environment
        secrets = {f"{target.prefix}-vpn": "secrets/vpn"}
        for module in environment.foundation_modules.values():
            secrets[f"{target.prefix}-{module.name}-app"] = f"secrets/{module.name}"
            for purpose in module.given_secrets:
                secrets[given_secret(module.name, purpose, target.prefix)] = f"secrets/{module.name}-{purpose}"
        places: list[Place] = ["home", *(("recovery", "both") if target.recovery_region else ())]
        return {
            "lake": {names.bucket(target, one): f"lake/{one}" for one in BUCKETS}
            | {names.state_bucket(target): "state"}
            | {
                f"{names.state_bucket(target)}/objects/{folder}x": "state/plans"
                for folder in names.plan_folders(target)
            },
            "secrets": secrets,
            "keys": {names.key(target, one, place): f"keys/{one}" for one in PURPOSES for place in places}
            | {names.state_key(target): "keys/state"},
            "database": {target.prefix: "database/server"},
            "cache": {target.prefix: "cache/cache"},
            "registry": {target.existing.registry.rpartition("/")[2]: "registry/*"}
            if target.existing.registry
            else {f"{target.prefix}-{one}": f"registry/{one}" for one in environment.foundation_modules},
            "logs": {
                names.log_group_id(target, "cluster").rpartition("/")[2]: "monitoring",
                names.log_group(target, "flow"): "detection",
                names.log_group(target, "trail"): "detection",
            },
            "identities": {email: f"identities/{word}" for email, word in self.principals.accounts.items()},
        }

    def whole(self, kind: str) -> tuple[str, ...]:
        """All objects of a kind, also those outside the stack."""
        return _WHOLE.get(kind, (kind,))

    def named(self, kind: str, value: object) -> str:
        """The object that an attribute of a binding names: a reference, a resource name, or its last part."""
        text = self._name(value)
        last = text if kind == "keys" else text.rpartition("/")[2]
        if kind == "topics":
            return "detection" if last.endswith(("-findings", "-changes")) else "monitoring"
        if kind == "dns":
            return "dns/entry" if last == names.dns_zone(self.stack.target) else f"dns/{last}"
        return self._known.get(kind, {}).get(last, f"{kind}/{last}")

    def bucket(self, value: object) -> str:
        """The name of a bucket that an attribute of a binding names."""
        return self._name(value).rpartition("/")[2]

    def _name(self, value: object) -> str:
        target = self.stack.view.target(value)
        if target is None or isinstance(value, str):  # an existing one has its id
            return str(value)
        if target.type == "google_service_account":
            return f"{target.get('account_id')}@{names.account(self.stack.target)}.iam.gserviceaccount.com"
        if target.type == "google_kms_crypto_key":
            return f"{target.get('key_ring')}/cryptoKeys/{target.get('name')}"
        written = target.get(_NAMES.get(target.type, "name"))
        return str(value if isinstance(written, Reference) or written is None else written)

    def under(self, condition: str, kind: str) -> tuple[str, ...] | None:
        """The objects of a kind that a condition (CEL) leaves; None if the condition cannot be evaluated.

        It is evaluated for each resource of the stack and for others, whose names are made from its own texts; if it
        holds for one of the others, it leaves the whole kind.
        """
        if not can_be_evaluated(condition):
            return None
        if kind not in _FORMS:
            return self.whole(kind)
        known, found = self._known[kind], []
        forms = [(self._filled(form), type) for form, type in _FORMS[kind]]
        for name, object in known.items():
            answers = [holds(condition, form.replace("{}", name), type) for form, type in forms]
            if None in answers:
                return None
            found += [object] if any(answers) else []
        others = [
            holds(condition, other, type)
            for form, type in forms
            for other in _others(condition, form, self.stack.target.prefix)
            if not any(_is_or_below(other, form, name) for name in known)
        ]
        if None in others:
            return None
        if any(others):
            return self.whole(kind)
        return tuple(one for one in dict.fromkeys(found) if one != "state/plans" or "state" not in found)

    def below(self, condition: str, bucket: str) -> tuple[str, ...] | None:
        """The parts of a bucket that a condition (CEL) leaves; None if the condition cannot be evaluated.

        It is evaluated for objects and for lists of their names, in no folder and in those that its own texts name. A
        folder of which it leaves one of the two is left in part.
        """
        name = f"projects/_/buckets/{bucket}"
        if not can_be_evaluated(condition, lists=True):
            return None
        texts = [(double or single).removeprefix(f"{name}/objects/") for double, single in _TEXT.findall(condition)]
        found: list[str] = []
        for sample, part in [("", ""), ("other/x", ""), *(each for text in texts for each in _in_folder(text))]:
            answers = (
                holds(condition, f"{name}/objects/{sample or 'x'}", OBJECT, listed=""),
                holds(condition, name, BUCKET, listed=sample),
            )
            if None in answers:
                return None
            if any(answers):
                found.append(f"{self.named('lake', bucket)}{part}{'' if all(answers) or not part else ' in part'}")
        whole = self.named("lake", bucket)
        return (whole,) if whole in found else tuple(dict.fromkeys(found))

    def _filled(self, form: str) -> str:
        target = self.stack.target
        known = {"{id}": names.account(target), "{number}": names.number(target), "{region}": target.region}
        for key, value in known.items():
            form = form.replace(key, value)
        return form


def _in_folder(text: str) -> Iterator[tuple[str, str]]:
    """Names of objects that begin with a text, each with the part of the bucket that it stands for."""
    folder = text.rstrip("/")
    if text.endswith("/") and folder:
        yield f"{text}x", f"/{folder}"
    else:
        yield f"{text}x", f"/{text}*" if "/" in text else ""
        yield text, f"/{text}"


def _others(condition: str, form: str, prefix: str) -> Iterator[str]:
    """Names of resources outside the stack that a condition might hold for."""
    start = form.partition("{}")[0]
    for name in ("other", f"{prefix}-other"):
        yield form.replace("{}", name)
    for double, single in _TEXT.findall(condition):
        text = double or single
        if "/" not in text:
            yield from (form.replace("{}", f"{before}{text}{after}") for before in ("", "x") for after in ("", "x"))
        elif start and text.startswith(start):
            yield from (f"{text}{after}" for after in ("", "x", "/x"))


def _is_or_below(other: str, form: str, name: str) -> bool:
    resource = form.partition("{}")[0] + name
    return other == resource or other.startswith(f"{resource}/")
