"""Microsoft.Logic."""

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.store import Body


def _endpoint(resource: Resource) -> Body:
    """The provider reads both lists of addresses and fails without them."""
    endpoint = f"https://prod-00.{resource.location}.logic.azure.com:443/workflows/{resource.guid('workflow')}"
    addresses = {
        "outgoingIpAddresses": [{"address": "20.50.0.1"}],
        "accessEndpointIpAddresses": [{"address": "20.50.0.2"}],
    }
    return {"accessEndpoint": endpoint, "endpointsConfiguration": {"workflow": addresses, "connector": addresses}}


KINDS = {
    "Microsoft.Logic/workflows": Kind(
        computed=_endpoint,
        defaults=lambda resource: {"state": "Enabled"},
        required=(".location", "definition"),
        actions={"disable": lambda resource, body: (200, None), "enable": lambda resource, body: (200, None)},
    ),
}
