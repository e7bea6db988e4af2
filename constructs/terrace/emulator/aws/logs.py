"""CloudWatch Logs: the class of a log group, saved queries."""

import uuid
from typing import Any

import moto.logs.models as models
from moto.logs.responses import LogsResponse

from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, wrap


def group_class() -> None:
    """Stock moto does not tell a log group's class, whose change would replace the group."""

    @wrap(LogsResponse, "create_log_group")
    def create_log_group(original: Function, self: Any) -> Any:
        result = original(self)
        asked = parameters_of(self)
        self.logs_backend.groups[asked["logGroupName"]].log_group_class = asked.get("logGroupClass") or "STANDARD"
        return result

    @wrap(models.LogGroup, "to_describe_dict")
    def to_describe_dict(original: Function, self: Any) -> dict[str, Any]:
        return {**original(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


def saved_queries() -> None:
    """Stock moto has no operation for saved queries."""

    @operation(LogsResponse)
    def put_query_definition(call: Call) -> dict[str, Any]:
        identifier = call.parameters.get("queryDefinitionId") or str(uuid.uuid4())
        call.shelf("queries")[identifier] = {
            "queryDefinitionId": identifier,
            "name": call.parameters["name"],
            "queryString": call.parameters["queryString"],
            "logGroupNames": call.parameters.get("logGroupNames") or [],
        }
        return {"queryDefinitionId": identifier}

    @operation(LogsResponse)
    def describe_query_definitions(call: Call) -> dict[str, Any]:
        prefix = call.parameters.get("queryDefinitionNamePrefix") or ""
        return {
            "queryDefinitions": [kept for kept in call.shelf("queries").values() if kept["name"].startswith(prefix)]
        }

    @operation(LogsResponse)
    def delete_query_definition(call: Call) -> dict[str, Any]:
        return {"success": call.shelf("queries").pop(call.parameters["queryDefinitionId"], None) is not None}


PATCHES = (group_class, saved_queries)
