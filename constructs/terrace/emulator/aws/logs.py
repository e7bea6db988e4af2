"""CloudWatch Logs: the class of a log group, saved queries."""

import uuid
from typing import Any

import moto.logs.models as models
from moto.logs.responses import LogsResponse

from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, wrap


def group_class() -> None:
    """Stock moto does not return a log group's class: the provider replaces the group."""

    @wrap(LogsResponse, "create_log_group")
    def create_log_group(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        self.logs_backend.groups[parameters["logGroupName"]].log_group_class = (
            parameters.get("logGroupClass") or "STANDARD"
        )
        return result

    @wrap(models.LogGroup, "to_describe_dict")
    def to_describe_dict(original: Function, self: Any) -> dict[str, Any]:
        return {**original(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


def saved_queries() -> None:
    """Stock moto lacks the operations for saved queries."""

    @operation(LogsResponse)
    def put_query_definition(call: Call) -> dict[str, Any]:
        identifier = call.parameters.get("queryDefinitionId") or str(uuid.uuid4())
        call.state("queries")[identifier] = {
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
            "queryDefinitions": [query for query in call.state("queries").values() if query["name"].startswith(prefix)]
        }

    @operation(LogsResponse)
    def delete_query_definition(call: Call) -> dict[str, Any]:
        return {"success": call.state("queries").pop(call.parameters["queryDefinitionId"], None) is not None}


PATCHES = (group_class, saved_queries)
