"""Managed Service for Apache Kafka: the names of access control lists, whose ids contain a slash."""

from urllib.parse import unquote

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import completes


@completes("managedkafka", "acls")
def _acl(call: Call, acl: Json, key: str) -> None:
    acl["name"] = unquote(acl["name"])
