"""Memorystore for Valkey: the addresses of an instance's endpoints."""

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number
from terrace.emulator.gcp.quirks import completes


@completes("memorystore", "instances")
def _instance(call: Call, instance: Json, key: str) -> None:
    connections = [each for endpoint in instance.get("endpoints", ()) for each in endpoint.get("connections", ())]
    for index, connection in enumerate(connections):
        psc = connection.get("pscAutoConnection", {})
        psc |= {"ipAddress": f"10.44.2.{index + 2}", "port": 6379, "pscConnectionStatus": "ACTIVE"}
        psc.setdefault("pscConnectionId", number(key, index))
