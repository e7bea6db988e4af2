"""Lists, a page at a time: `$filter`, `$top` and the address of the next page.

Source: the "Resource Provider Contract" (azure-resource-manager-rpc), collections.
"""

import re
from typing import Any
from urllib.parse import quote, urlencode

from terrace.emulator.azure.call import Answer, Call
from terrace.emulator.azure.store import Body

_PAGE = 100  # the most that a page holds; Azure has other numbers by service


def page(answers: list[Body], call: Call, size: str = "$top", most: int = _PAGE) -> Answer:
    """The part of `answers` that `call` asks for; `size` is the word that says how many."""
    found = [answer for answer in answers if _wanted(answer, call.query.get("$filter", ""))]
    start = int(call.query.get("$skiptoken", 0))
    end = start + min(most, int(call.query.get(size, most)))
    body: Body = {"value": found[start:end]}
    if end < len(found):
        body["nextLink"] = f"https://{call.host}{quote(call.path)}?{urlencode({**call.query, '$skiptoken': end})}"
    return Answer(200, body)


def _wanted(answer: Body, condition: str) -> bool:
    """The OData that SDKs send: `resourceType eq 'x' and properties/y eq 'z'`; what else it says is let pass."""
    for path, wanted in re.findall(r"([\w/]+) eq '([^']*)'", condition):
        value: Any = answer
        for step in path.replace("resourceType", "type").split("/"):
            value = value.get(step) if isinstance(value, dict) else None
        if value is None and "/" not in path:
            value = answer.get("properties", {}).get(path)
        if str(value).lower() != wanted.lower():
            return False
    return True
