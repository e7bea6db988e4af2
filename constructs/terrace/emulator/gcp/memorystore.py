"""Memorystore for Valkey: an instance answers at the addresses that its endpoints get."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number
from terrace.emulator.gcp.quirks import completes


@completes("memorystore", "instances")
def _instance(call: Call, instance: Json, key: str) -> None:
    connections = [each for endpoint in instance.get("endpoints", ()) for each in endpoint.get("connections", ())]
    for index, connection in enumerate(connections):
        made = connection.get("pscAutoConnection", {})
        made |= {"ipAddress": f"10.44.2.{index + 2}", "port": 6379, "pscConnectionStatus": "ACTIVE"}
        made.setdefault("pscConnectionId", number(key, index))
