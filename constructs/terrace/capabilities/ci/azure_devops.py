"""Azure Pipelines. A job signs in as a service connection of its project, whose checks decide which runs may use it.

Each environment has two connections, NAME-plan and NAME-apply (`connection`). Tokens have one of two issuers: Microsoft
Entra, which new connections have, with the connection's id in the subject; or Azure DevOps, which ends on 1 July 2027
for connections to Azure's public cloud, with its name. No cloud compares other claims: branch, pipeline and approval
are checks of the connection.
Sources: Azure DevOps documentation, "Convert service connections to use the Microsoft Entra issuer" and "Manually
configure a workload identity service connection".
"""

import base64
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from terrace.capabilities.ci import PIPELINES, Job, Pipeline
from terrace.capabilities.target import Tier

if TYPE_CHECKING:
    from terrace.capabilities.identity import IdentitySpec

_APPLICATION = "499b84ac-1321-427f-aa17-267ca6975798"
"""Azure DevOps in Entra, whose tokens the connections get."""
_EXCHANGE = "fb60f99c-7a34-4190-8149-302f77469936"
"""The application api://AzureADTokenExchange, the audience of tokens of Entra's issuer, by its id."""
AUDIENCE = "api://AzureADTokenExchange"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+( [\w.-]+)*/[\w.-]+( [\w.-]+)*", re.ASCII)


def connection(environment: str, pipeline: Pipeline) -> str:
    """The name of the service connection with which an environment's pipeline signs in."""
    return f"terrace-{environment}-{pipeline}"


def issuer(spec: "IdentitySpec") -> str:
    assert spec.azure_devops
    if spec.azure_devops.tenant_id:
        return f"https://login.microsoftonline.com/{spec.azure_devops.tenant_id}/v2.0"
    return f"https://vstoken.dev.azure.com/{spec.azure_devops.organization_id}"


def audience(spec: "IdentitySpec") -> str:
    assert spec.azure_devops
    return _EXCHANGE if spec.azure_devops.tenant_id else AUDIENCE


def jobs(spec: "IdentitySpec", environment: str, tier: Tier) -> Mapping[Pipeline, tuple[Job, ...]]:
    return {one: (Job(f"{one}-connection", _subject(spec, environment, one), {}),) for one in PIPELINES}


def _subject(spec: "IdentitySpec", environment: str, pipeline: Pipeline) -> str:
    assert spec.azure_devops
    own = spec.azure_devops
    if own.tenant_id:
        path = f"t/{_encoded(own.tenant_id)}/a/{_encoded(_APPLICATION)}"
        return f"/eid1/c/pub/{path}/sc/{own.organization_id}/{own.connection_ids[pipeline]}"
    organization, project, _ = spec.repository.split("/")
    return f"sc://{organization}/{project}/{connection(environment, pipeline)}"


def _encoded(guid: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(guid).bytes_le).rstrip(b"=").decode()


def condition_keys(spec: "IdentitySpec") -> frozenset[str]:
    return frozenset()


def mapping(spec: "IdentitySpec") -> dict[str, str]:
    """Google accepts 127 bytes; a subject of Entra's issuer is longer, and its part after /sc/ has both ids."""
    assert spec.azure_devops
    return {"google.subject": "assertion.sub.split('/sc/')[1]" if spec.azure_devops.tenant_id else "assertion.sub"}


def principal(spec: "IdentitySpec", subject: str) -> str:
    assert spec.azure_devops
    return subject.partition("/sc/")[2] if spec.azure_devops.tenant_id else subject


def admits(spec: "IdentitySpec") -> dict[str, str]:
    return {}


def file_url(spec: "IdentitySpec", path: str) -> str:
    organization, project, repository = spec.repository.replace(" ", "%20").split("/")
    base = f"https://dev.azure.com/{organization}/{project}/_git/{repository}"
    return f"{base}?path=/{path}&version=GB{spec.main_branch}"


def problems(spec: "IdentitySpec") -> Iterator[tuple[str, str, str]]:
    own = spec.azure_devops
    if not _REPOSITORY.fullmatch(spec.repository):
        message = f"invalid value {spec.repository!r}. Expected the organization/project/repository, such as"
        yield f"{message} acme/platform/terrace.", "identity.repository", ""
    if own is None:
        hint = (
            "Set identity.azure_devops.organization_id and project_id: instanceId in /_apis/connectionData and id in"
            " /_apis/projects/PROJECT below https://dev.azure.com/ORGANIZATION."
        )
        yield "the ids of the organization and the project are missing.", "identity.ci", hint
    elif own.tenant_id and (missing := [one for one in PIPELINES if one not in own.connection_ids]):
        message = f"no id of the service connection for {' and '.join(missing)}."
        hint = "The subjects of Entra's issuer have the connections' ids; set them in each environment's file."
        yield message, "identity.azure_devops", hint
    elif own.tenant_id and own.connection_ids["plan"] == own.connection_ids["apply"]:
        message = "plan and apply have the same service connection, so every pull request could apply."
        yield message, "identity.azure_devops.connection_ids", "Use two connections, one with checks for apply."
