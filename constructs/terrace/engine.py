"""The one seam to the CDK: app, stacks, state backends, provider ranges.

Written against CDK Terrain (`cdktn`), the maintained continuation of CDKTF. Only the bindings of the synthesized cloud
are loaded, and of them only the resources in use (bindings.cjs): loading all of them would dominate the run time.
"""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from terrace.capabilities.cloud import facts, implementation
from terrace.capabilities.outputs import ClusterOutputs
from terrace.capabilities.platform import Platform
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.node import node

RUNTIMES = {"terraform": ">=1.11.0", "opentofu": ">=1.11.0"}
"""Supported versions; older ones lack ephemeral values and write-only arguments (SEC-1)."""

HELM_VERSIONS = ">= 3.1, < 4"
"""The range of versions of the helm provider that the workloads stacks support."""

os.environ["JSII_NODE"] = node()  # before the import of jsii, which starts it
os.environ.setdefault("CDKTN_DISABLE_CREATION_STACK", "1")  # a JavaScript stack trace per token, unused
_options = os.environ.get("NODE_OPTIONS")
_lazy_bindings = json.dumps(
    str(Path(__file__).with_name("bindings.cjs"))
)  # quoted, because the path may contain spaces
os.environ["NODE_OPTIONS"] = f"{_options or ''} --require {_lazy_bindings}".strip()

from cdktn import (  # noqa: E402
    App,
    AzurermBackend,
    GcsBackend,
    LocalBackend,
    S3Backend,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformStack,
)
from constructs import Construct  # noqa: E402

if _options is None:
    del os.environ["NODE_OPTIONS"]  # applies to jsii's Node only
else:
    os.environ["NODE_OPTIONS"] = _options

from terrace.overrides import override  # noqa: E402

BACKENDS: dict[str, Callable[..., object]] = {"s3": S3Backend, "azurerm": AzurermBackend, "gcs": GcsBackend}
"""Remote state backends; each cloud uses one of them."""


def app(out: str | None = None) -> App:
    """An app that writes to `out` (default: cdktf.out, or the directory that the CDK's own CLI sets)."""
    return App(outdir=out, context={"targetVersions": RUNTIMES})


def platform(cloud: str) -> Platform:
    """The constructs of a cloud. Imports the bindings of that cloud only."""
    return cast(Platform, implementation("terrace", cloud, "platform"))


class Stack(TerraformStack):
    """A stack with its backend and the providers of its cloud."""

    def __init__(self, scope: Construct, id: str, environment: Environment, target: Target, *, layer: str) -> None:
        super().__init__(scope, id)
        _backend(self, environment, target, layer)
        platform(environment.cloud).configure(self, target)
        known = facts(environment.cloud)
        provider = known.provider.rpartition("/")[2]
        override(self, f"terraform.required_providers.{provider}.version", known.provider_versions)
        override(self, "terraform.required_version", ">= 1.11")

    def ignore_tags(self, environment: Environment) -> None:
        """Ignore the tags that others set, on all resources so far, unless the provider does."""
        maps = facts(environment.cloud).tag_maps
        exact = [key for key in environment.ownership.ignored_tags if not key.endswith("*")]
        for resource in self.node.find_all() if exact and maps else ():
            if not isinstance(resource, TerraformResource):
                continue
            paths = maps.get(resource.terraform_resource_type, maps["*"])
            found = [path for path in paths if "." in path or hasattr(resource, f"{path}_input")]
            kept: Any = resource.lifecycle or TerraformResourceLifecycle()
            ignored = [*(kept.ignore_changes or ()), *(f'{path}["{key}"]' for path in found for key in exact)]
            if found:
                resource.lifecycle = TerraformResourceLifecycle(
                    create_before_destroy=kept.create_before_destroy,
                    ignore_changes=ignored,
                    replace_triggered_by=kept.replace_triggered_by,
                )

    def order_removals(self, cloud: str) -> None:
        """Have locks removed before what they protect: Terraform removes a resource before those that it depends on."""
        first = facts(cloud).removed_first
        found: dict[str, list[TerraformResource]] = {}
        for resource in self.node.find_all() if first else ():
            if isinstance(resource, TerraformResource):
                found.setdefault(resource.terraform_resource_type, []).append(resource)
        for lock, protected in first.items():
            addresses = [f"{protected}.{one.friendly_unique_id}" for one in found.get(protected, ())]
            for one in found.get(lock, ()):
                one.depends_on = [*(one.depends_on or ()), *addresses]


class ClusterStack(TerraformStack):
    """A stack of Helm releases in the cluster of an environment. It loads no bindings of a cloud."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        environment: Environment,
        target: Target,
        *,
        layer: str,
        cluster: ClusterOutputs,
    ) -> None:
        super().__init__(scope, id)
        from cdktn_provider_helm.provider import HelmProvider, HelmProviderKubernetes, HelmProviderKubernetesExec

        _backend(self, environment, target, layer)
        token = HelmProviderKubernetesExec(
            api_version="client.authentication.k8s.io/v1",
            command="terrace",
            args=["kube", "token", environment.name, "--cloud", environment.cloud],
        )
        HelmProvider(
            self,
            "helm",
            kubernetes=HelmProviderKubernetes(
                host=cluster.endpoint,
                cluster_ca_certificate=base64.b64decode(cluster.certificate_authority).decode(),
                exec=token,
            ),
        )
        override(self, "terraform.required_providers.helm.version", HELM_VERSIONS)
        override(self, "terraform.required_version", ">= 1.11")


def _backend(stack: TerraformStack, environment: Environment, target: Target, layer: str) -> None:
    if not target.remote_state:
        # relative to the stack's directory, cdktf.out/stacks/<id>, so that the stack is the same on any machine
        LocalBackend(stack, path=f"../../../.terrace/state/{environment.name}-{environment.cloud}-{layer}.tfstate")
        return
    kind, arguments = implementation("terrace", environment.cloud, "state").remote_state(environment, target, layer)
    BACKENDS[kind](stack, **arguments)
