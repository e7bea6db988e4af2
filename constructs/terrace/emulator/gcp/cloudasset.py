"""Asset Inventory: searches a project's resources by label. Feeds need no quirks.

Source: Cloud Asset API, v1.searchAllResources; "Search resources", the query syntax.
"""

from terrace.emulator.gcp.call import Call, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import responds

_LABELS = ("labels", "userLabels", "resourceLabels")


@responds("cloudasset", "cloudasset.searchAllResources")
def _search(call: Call) -> Json:
    """Supports only `labels.name:value` terms, all of which must match; other terms are ignored."""
    criteria = dict(
        term.removeprefix("labels.").split(":", 1)
        for term in call.query.get("query", "").split()
        if term.startswith("labels.") and ":" in term
    )
    results = []
    for key, body in call.store.resources():
        labels: Json = next((body[name] for name in _LABELS if isinstance(body.get(name), dict)), {})
        if labels and all(value in str(labels.get(name, "")) for name, value in criteria.items()):
            service = key.partition("/")[0]
            name = f"//{service}.googleapis.com/{name_of(key)}"
            results.append({"name": name, "project": f"projects/{call.cloud.number}", "labels": labels})
    return {"results": results}
