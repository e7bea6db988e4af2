"""The permissions to apply on Azure, as a custom role. Loads no CDK."""

import json
from collections.abc import Iterable, Mapping
from itertools import chain

_ALWAYS = {"Microsoft.Resources/subscriptions": "read", "Microsoft.Storage/storageAccounts": "read"}
STATE = {"Microsoft.Storage/storageAccounts/blobServices/containers/blobs": "add/action delete read write"}
"""In the storage account of remote state: the state blob, leased while in use."""


def files(types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """File name to content: a custom role, as `az role definition create --role-definition` takes it.

    `types` maps a resource type to Resource Manager types and their verbs; a Resource Manager type that begins with
    `data ` is a data plane's.
    """
    pairs = list(chain(*(verbs.items() for verbs in types.values())))
    data = [(kind.removeprefix("data "), verbs) for kind, verbs in pairs if kind.startswith("data ")]
    role = {
        "Name": "Terrace deploy",
        "IsCustom": True,
        "Description": "Creates, changes and deletes the resources of Terrace's stacks, and nothing else.",
        "Actions": _joined([*_ALWAYS.items(), *(pair for pair in pairs if not pair[0].startswith("data "))]),
        "NotActions": [],
        "DataActions": _joined([*STATE.items(), *data]),
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/00000000-0000-0000-0000-000000000000"],
    }
    return {"role.json": json.dumps(role, indent=2) + "\n"}


def _joined(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({f"{kind}/{verb}" for kind, verbs in pairs for verb in verbs.split()})
