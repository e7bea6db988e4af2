"""IAM Access Analyzer: creating, reading, tagging and deleting an analyzer; it finds nothing."""

import re
import sys
from types import ModuleType
from typing import Any

from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse
from moto.core.utils import utcnow

from terrace.emulator.aws.patch import Call, operation, service_error

_SERVICE = "accessanalyzer"
_PACKAGE = f"moto.{_SERVICE}"


class AnalyzerBackend(BaseBackend):  # type: ignore[misc]
    """The analyzers, by name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}


class AnalyzerResponse(BaseResponse):  # type: ignore[misc]
    """The patch `analyzers` adds its operations."""

    def __init__(self) -> None:
        super().__init__(service_name=_SERVICE)


def analyzers() -> None:
    """Stock moto does not have this service: a call has no backend and returns 500."""
    _register()

    @operation(AnalyzerResponse)
    def create_analyzer(call: Call) -> dict[str, Any]:
        parameters = call.parameters
        name = parameters["analyzerName"]
        if name in call.backend.analyzers:
            raise service_error("ConflictException", f"analyzer {name} exists")
        arn = call.arn(f"analyzer/{name}", service="access-analyzer")
        call.backend.analyzers[name] = {
            "arn": arn,
            "name": name,
            "type": parameters["type"],
            "createdAt": utcnow(),
            "status": "ACTIVE",
            "tags": parameters.get("tags") or {},
            "configuration": parameters.get("configuration"),
        }
        return {"arn": arn}

    @operation(AnalyzerResponse)
    def get_analyzer(call: Call) -> dict[str, Any]:
        return {"analyzer": _find(call)}

    @operation(AnalyzerResponse)
    def list_analyzers(call: Call) -> dict[str, Any]:
        type = call.parameters.get("type")
        return {"analyzers": [each for each in call.backend.analyzers.values() if type in (None, each["type"])]}

    @operation(AnalyzerResponse)
    def delete_analyzer(call: Call) -> None:
        del call.backend.analyzers[_find(call)["name"]]

    @operation(AnalyzerResponse)
    def list_findings(call: Call) -> dict[str, Any]:
        _tagged(call, "analyzerArn")
        return {"findings": []}

    @operation(AnalyzerResponse)
    def list_findings_v2(call: Call) -> dict[str, Any]:
        return list_findings(call)  # type: ignore[no-any-return]

    @operation(AnalyzerResponse)
    def list_tags_for_resource(call: Call) -> dict[str, Any]:
        return {"tags": _tagged(call)["tags"]}

    @operation(AnalyzerResponse)
    def tag_resource(call: Call) -> None:
        _tagged(call)["tags"].update(call.parameters["tags"])

    @operation(AnalyzerResponse)
    def untag_resource(call: Call) -> None:
        for key in call.parameters["tagKeys"]:
            _tagged(call)["tags"].pop(key, None)


def _find(call: Call) -> dict[str, Any]:
    name = call.parameters["analyzerName"]
    analyzer: dict[str, Any] | None = call.backend.analyzers.get(name)
    if analyzer is None:
        raise service_error("ResourceNotFoundException", f"no analyzer {name}")
    return analyzer


def _tagged(call: Call, parameter: str = "resourceArn") -> dict[str, Any]:
    arn = call.parameters[parameter]
    analyzer: dict[str, Any]
    for analyzer in call.backend.analyzers.values():
        if analyzer["arn"] == arn:
            return analyzer
    raise service_error("ResourceNotFoundException", f"no analyzer {arn}")


def _register() -> None:
    """Add a package under the name by which moto finds the service."""
    base = r"https?://access-analyzer\.(.+)\.amazonaws\.com"
    package, models, urls, responses = (
        ModuleType(name) for name in (_PACKAGE, f"{_PACKAGE}.models", f"{_PACKAGE}.urls", f"{_PACKAGE}.responses")
    )
    vars(urls).update(url_bases=[base], url_paths={})
    AnalyzerBackend.__module__, AnalyzerResponse.__module__ = models.__name__, responses.__name__
    backends = BackendDict(AnalyzerBackend, _SERVICE)
    vars(package)["accessanalyzer_backends"] = vars(models)["accessanalyzer_backends"] = backends
    sys.modules.update({module.__name__: module for module in (package, models, urls, responses)})
    backend_index.backend_url_patterns.append((_SERVICE, re.compile(base)))


PATCHES = (analyzers,)
