"""ACR: one private registry, one repository per module, images scanned on push (K8S-10)."""

from collections.abc import Sequence

from cdktn_provider_azurerm.container_registry import (
    ContainerRegistry,
    ContainerRegistryEncryption,
    ContainerRegistryGeoreplications,
    ContainerRegistryIdentity,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.firewall import private_path
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.registry import RegistryHandle, RegistrySpec
from terrace.capabilities.target import Target


class Registry(Construct):
    """A registry; a repository `prefix/module` exists from its first image on.

    Defender scans pushed images (see detection.py). Tags are mutable on Azure: see facts.py. An existing registry is
    used as it is: only a private endpoint in the network is made for it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: RegistrySpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
    ) -> None:
        super().__init__(scope, id)
        registry = target.existing.registry or self._registry(spec, target, keys).id
        private_path(self, "path-registry", target, to=registry, service="registry")
        address = f"{names.registry_id(target).rpartition('/')[2].lower()}.azurecr.io"
        self.handle = RegistryHandle(
            address=address, repositories={module: f"{address}/{target.prefix}/{module}" for module in modules}
        )

    def _registry(self, spec: RegistrySpec, target: Target, keys: KeysHandle) -> ContainerRegistry:
        group, zonal = providers.home(self, target), len(target.zones) > 1
        copies = []
        if target.recovery_region:
            copies.append(
                ContainerRegistryGeoreplications(
                    location=target.recovery_region,
                    global_endpoint_routing_enabled=True,
                    zone_redundancy_enabled=True,
                    tags=dict(target.tags),
                )
            )
        return ContainerRegistry(
            self,
            "registry",
            name=names.registry(target),
            location=group.location,
            resource_group_name=group.name,
            sku="Premium",
            admin_enabled=False,  # K8S-10
            anonymous_pull_enabled=False,  # K8S-10
            public_network_access_enabled=False,  # NET-3
            network_rule_bypass_option="AzureServices",  # Defender scans
            export_policy_enabled=False,
            data_endpoint_enabled=True,
            retention_policy_in_days=spec.untagged_days,
            zone_redundancy_enabled=zonal,
            identity=ContainerRegistryIdentity(type="UserAssigned", identity_ids=[keys.users["registry"].id]),
            encryption=[
                ContainerRegistryEncryption(
                    key_vault_key_id=keys.home["registry"], identity_client_id=keys.users["registry"].client_id
                )
            ],
            georeplications=copies or None,
            tags=dict(target.tags),
            depends_on=list(keys.ready),
        )
