"""IAM Access Analyzer: the service itself, as far as an analyzer is made, read, tagged and deleted."""

import re
import sys
from types import ModuleType
from typing import Any

from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse
from moto.core.utils import utcnow

from terrace.emulator.aws.patch import Call, fault, operation

_SERVICE = "accessanalyzer"
_PACKAGE = f"moto.{_SERVICE}"


class AnalyzerBackend(BaseBackend):  # type: ignore[misc]
    """Holds analyzers, by name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}


class AnalyzerResponse(BaseResponse):  # type: ignore[misc]
    """Its operations are added by `analyzers`."""

    def __init__(self) -> None:
        super().__init__(service_name=_SERVICE)


def analyzers() -> None:
    """Stock moto has no such service: the call goes to no backend and ends in a 500."""
    _register()

    @operation(AnalyzerResponse)
    def create_analyzer(call: Call) -> dict[str, Any]:
        asked = call.parameters
        name = asked["analyzerName"]
        if name in call.backend.analyzers:
            raise fault("ConflictException", f"analyzer {name} exists")
        arn = call.arn(f"analyzer/{name}", service="access-analyzer")
        call.backend.analyzers[name] = {
            "arn": arn,
            "name": name,
            "type": asked["type"],
            "createdAt": utcnow(),
            "status": "ACTIVE",
            "tags": asked.get("tags") or {},
            "configuration": asked.get("configuration"),
        }
        return {"arn": arn}

    @operation(AnalyzerResponse)
    def get_analyzer(call: Call) -> dict[str, Any]:
        return {"analyzer": _find(call)}

    @operation(AnalyzerResponse)
    def list_analyzers(call: Call) -> dict[str, Any]:
        wanted = call.parameters.get("type")
        return {"analyzers": [kept for kept in call.backend.analyzers.values() if wanted in (None, kept["type"])]}

    @operation(AnalyzerResponse)
    def delete_analyzer(call: Call) -> None:
        del call.backend.analyzers[_find(call)["name"]]

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
    found: dict[str, Any] | None = call.backend.analyzers.get(name)
    if found is None:
        raise fault("ResourceNotFoundException", f"no analyzer {name}")
    return found


def _tagged(call: Call) -> dict[str, Any]:
    arn = call.parameters["resourceArn"]
    for kept in call.backend.analyzers.values():
        if kept["arn"] == arn:
            found: dict[str, Any] = kept
            return found
    raise fault("ResourceNotFoundException", f"no analyzer {arn}")


def _register() -> None:
    """Give moto a package of the name it looks for: it finds a service by its module's name."""
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
