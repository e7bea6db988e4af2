"""Live resources in the format of a synthesized stack, which the access model reads.

A reader of a cloud adds each resource with Terraform's type and attributes. Ids that the cloud generated become
references when the document is complete, so that resources may be added in any order.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from terrace.assurance.view import View
from terrace.calls import Absent, CredentialsError
from terrace.errors import TerraceError
from terrace.live import Unlisted


class Document:
    """Resources that were read so far. `unread` are the listings that failed."""

    def __init__(self) -> None:
        self.unread: list[Unlisted] = []
        self._resources: dict[str, dict[str, dict[str, Any]]] = {}
        self._references: dict[str, str] = {}
        self._output: dict[str, Any] = {}

    def add(
        self, type: str, id: str, attributes: Mapping[str, Any], *, path: str = "", ids: Mapping[str, str] | None = None
    ) -> None:
        """Add a resource. `path` is its construct path if the model needs one; the cloud's own id is shown otherwise.

        `ids` are generated ids by which other resources name it, with the attribute that each one is.
        """
        group = self._resources.setdefault(type, {})
        name = re.sub(r"[^A-Za-z0-9_-]", "_", id) or "unnamed"
        while name in group:
            name += "_"
        shown = path or f"{type} {id}"
        group[name] = {"//": {"metadata": {"path": f"live/{shown}"}}, **attributes}
        for value, attribute in (ids or {}).items():
            self._references[value] = f"${{{type}.{name}.{attribute}}}"

    def knows(self, id: str) -> bool:
        """Whether a resource with this generated id was added."""
        return id in self._references

    def output(self, name: str, value: Any) -> None:
        """Set an output of the stack."""
        self._output[name] = {"value": value}

    @contextmanager
    def listing(self, service: str, region: str) -> Iterator[None]:
        """A block that reads one listing. What does not exist is nothing; a failure is kept in `unread`.

        Raises CredentialsError, because every other listing would fail for the same reason.
        """
        try:
            yield
        except Absent:
            return
        except CredentialsError:
            raise
        except TerraceError as error:
            self.unread.append(Unlisted(service, region, error.message))

    def view(self) -> View:
        """The document as checks read it."""
        return View({"resource": self._referring(self._resources), "output": self._output})

    def _referring(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner if key == "//" else self._referring(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._referring(inner) for inner in value]
        if not isinstance(value, str) or not self._references:
            return value
        if value[:1] in ("{", "["):
            return json.dumps(self._referring(json.loads(value)))
        return self._ids.sub(lambda found: self._references[found[0]], value)

    @property
    def _ids(self) -> re.Pattern[str]:
        longest_first = sorted(self._references, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")
