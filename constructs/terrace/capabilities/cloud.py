"""The seam to a cloud: the list of clouds, the import of one cloud's code by name, and the facts of a cloud.

No other file imports a cloud by name or lists the clouds.
"""

import importlib
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from types import ModuleType
from typing import Any, Literal, get_args

from terrace.capabilities.existing_facts import ExistingFacts
from terrace.errors import UsageError

CloudName = Literal["aws", "azure", "gcp"]
CLOUDS: tuple[CloudName, ...] = get_args(CloudName)
TITLES: Mapping[str, str] = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}

RefusalReason = Literal["missing", "refused", "expired", "elsewhere", "denied", "no state home"]
"""No credentials; not accepted; expired; of another account; accepted, but a permission is missing; the bucket of the
state does not exist."""


BOOTSTRAP = "make it with `terrace bootstrap ENV`"
"""The hint for a state home that does not exist."""


@dataclass(frozen=True)
class Refusal:
    """Why a cloud refused access, recognized in an error of Terraform.

    `pattern` is searched for in the error's whole text, and its match is printed; `hint` is how to fix it.
    """

    reason: RefusalReason
    pattern: str
    hint: str


@dataclass(frozen=True)
class CloudException:
    """A guarantee that one cloud cannot fully meet. `compensation` is what Terrace does instead; `source` documents the
    limitation."""

    guarantee: str
    reason: str
    compensation: str
    source: str


@dataclass(frozen=True)
class Offline:
    """What planning and a mocked apply need when no account exists."""

    variables: tuple[str, ...]
    """Prefixes of the environment variables that configure this cloud; an offline run removes them."""
    credentials: Callable[[], AbstractContextManager[dict[str, str]]]
    """Environment variables with which the provider plans, valid until the context ends."""
    mocked: Callable[[str, Collection[str]], dict[str, Any]]
    """Attribute values of a mocked resource, for its type and the attributes that other resources refer to: only those
    for which the provider rejects a generated value."""


@dataclass(frozen=True)
class Autoscaled:
    """The count of a resource type that an autoscaler keeps between two bounds, as paths in the resource's values.

    A plan sets the count only where a change of the bounds excludes the current one. `per` is a list that the count is
    multiplied by: of a count for each zone, the zones. `unset` is an argument that no stack sets: a plan ignores its
    changes in place of the count's, since Terraform cannot override `ignore_changes` with an empty list.
    """

    minimum: str
    maximum: str
    count: str
    per: str = ""
    unset: str = ""


@dataclass(frozen=True)
class Growing:
    """The storage of a resource type, which the cloud grows and never shrinks; a path in the resource's values.

    `unit` is that of the value. `unset` is as in Autoscaled.
    """

    size: str
    unit: str
    unset: str = ""


@dataclass(frozen=True)
class Duration:
    """How long an action (create, update, delete) on a type of resource takes at most as a rule, as `source` states;
    `read` is when it was read."""

    type: str
    action: str
    minutes: int
    source: str
    read: date


@dataclass(frozen=True)
class Kept:
    """An argument that cannot change while its resource exists, as a path in the resource's values.

    `setting` is the environment's that the stack takes the value from, `reason` a sentence without a full stop.
    """

    path: str
    setting: str
    reason: str


@dataclass(frozen=True)
class Facts:
    """What code outside a cloud's folder may know about the cloud, without the CDK: `FACTS` in its `facts.py`."""

    provider: str
    """The Terraform provider of its stacks, such as hashicorp/aws."""
    provider_versions: str
    """The range of provider versions that its stacks support."""
    tried_provider_versions: tuple[str, ...]
    """The versions in the range with which whole environments were applied."""
    stateful: frozenset[str]
    """Resource types whose destruction loses data, the means to decrypt it, or a name that others rely on. Short on
    purpose."""
    undeletable: Mapping[str, str]
    """Resource types that the cloud never deletes by itself, each with the attribute that is true in that state.
    Terraform forgets such resources before a destroy; they end with the resource that they belong to."""
    ignored_changes: Mapping[str, frozenset[str]]
    """Resource types to the attributes whose changes Terraform ignores, as the cloud or an operator changes them:
    an upgrade, an autoscaler, a value given from outside."""
    existing: ExistingFacts
    """The forms of ids of existing resources, and what an environment names of them."""
    removed_first: Mapping[str, str]
    """A type that keeps what is below it from being deleted, to a type that may be below it: in one apply, resources of
    the first are removed before those of the second."""
    made_again: frozenset[str]
    """Resource types that store nothing and are made again with what they are on (`replace_triggered_by`)."""
    kept: Mapping[str, tuple[Kept, ...]]
    """Resource types to the arguments that only a replacement could change, which would lose data. Stacks ignore
    changes of them, and a plan names the settings that therefore have no effect."""
    volatile: Mapping[str, frozenset[str]]
    """Resource types to the computed attributes that change by themselves; `*` are those of any type. They are no
    drift."""
    tag_maps: Mapping[str, tuple[str, ...]]
    """Maps of tags from which Terraform removes what is not in the stack, by resource type; `*` are those of any type.
    The keys that an environment ignores are ignored in each. Empty: the provider ignores keys and beginnings."""
    autoscaled: Mapping[str, Autoscaled]
    """Resource types whose count the cloud, or an autoscaler in the cluster, does not move into changed bounds by
    itself."""
    growing: Mapping[str, Growing]
    """Resource types whose storage grows automatically."""
    kubernetes_versions: Mapping[str, tuple[str, str]]
    """Resource types that run Kubernetes, each with the attributes of the deployed version and of the wanted one."""
    postgresql_versions: Mapping[str, str]
    """Resource types of PostgreSQL servers, each with the attribute of the version."""
    durations: tuple[Duration, ...]
    """Of the slow actions whose duration the cloud's or the provider's documentation states; of no others."""
    exceptions: tuple[CloudException, ...]
    """Guarantees that the cloud cannot fully meet; parity reports them as excepted."""
    refusals: tuple[Refusal, ...]
    """Matched in this order."""
    offline: Offline
    system_namespaces: tuple[str, ...]
    """Kubernetes namespaces, besides those of Kubernetes itself, whose workloads the cloud installs and updates."""
    permission_files: Callable[[Mapping[str, Mapping[str, str]]], dict[str, str]]
    """File name to content of the policies that allow applying stacks with these resource types. The argument maps a
    resource type to services and their actions, as `policies/deploy/<cloud>/types.yaml` does."""


def implementation(package: str, cloud: str, module: str = "") -> ModuleType:
    """Import one cloud's part of a package: `implementation("terrace.live", "aws")` is `terrace.live.aws`, and
    `implementation("terrace", "aws", "facts")` is `terrace.aws.facts`. Raises UsageError for an unknown cloud."""
    if cloud not in CLOUDS:
        raise UsageError(f"unknown cloud {cloud!r}", hint=f"one of {', '.join(CLOUDS)}")
    return importlib.import_module(".".join(filter(None, (package, cloud, module))))


def facts(cloud: str) -> Facts:
    """The facts of a cloud. Raises UsageError for an unknown cloud."""
    found: Facts = implementation("terrace", cloud, "facts").FACTS
    return found
