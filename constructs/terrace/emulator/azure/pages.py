"""Lists in pages: `$filter`, `$top` and the link to the next page.

Source: the "Resource Provider Contract" (azure-resource-manager-rpc), collections.
"""

import re
from typing import Any
from urllib.parse import quote, urlencode

from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.store import Body

_FIELDS = {"resourceType": "type", "resourceUri": "resourceId"}  # conditions that name a field otherwise
_PAGE = 100  # maximum size of a page; on Azure it differs by service


def page(bodies: list[Body], call: Call, size: str = "$top", most: int = _PAGE) -> Response:
    """The page of `bodies` that `call` requests; `size` is the query parameter for the page size."""
    matching = [body for body in bodies if _matches(body, call.query.get("$filter", ""))]
    start = int(call.query.get("$skiptoken", 0))
    end = start + min(most, int(call.query.get(size, most)))
    result: Body = {"value": matching[start:end]}
    if end < len(matching):
        result["nextLink"] = f"https://{call.host}{quote(call.path)}?{urlencode({**call.query, '$skiptoken': end})}"
    return Response(200, result)


def _matches(body: Body, condition: str) -> bool:
    """Evaluate the OData that SDKs send, `resourceType eq 'x' and properties/y eq 'z'`; ignore other conditions."""
    for path, expected in re.findall(r"([\w/]+) eq '([^']*)'", condition):
        value: Any = body
        for step in _FIELDS.get(path, path).split("/"):
            value = value.get(step) if isinstance(value, dict) else None
        if value is None and "/" not in path:
            value = body.get("properties", {}).get(path)
        if str(value).lower() != expected.lower():
            return False
    return True
