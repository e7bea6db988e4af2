"""Asset Inventory: what exists in a project, found by its labels. Feeds need nothing of their own.

Source: Cloud Asset API, v1.searchAllResources; "Search resources", the query syntax.
"""

from terrace.emulator.gcp.call import Call, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import answers

_LABELS = ("labels", "userLabels", "resourceLabels")


@answers("cloudasset", "cloudasset.searchAllResources")
def _search(call: Call) -> Json:
    """Of the query language only `labels.name:value`, each of which has to fit; anything else is not looked at."""
    wanted = dict(
        term.removeprefix("labels.").split(":", 1)
        for term in call.query.get("query", "").split()
        if term.startswith("labels.") and ":" in term
    )
    found = []
    for key, body in call.store.resources():
        labels: Json = next((body[name] for name in _LABELS if isinstance(body.get(name), dict)), {})
        if labels and all(value in str(labels.get(name, "")) for name, value in wanted.items()):
            service = key.partition("/")[0]
            name = f"//{service}.googleapis.com/{name_of(key)}"
            found.append({"name": name, "project": f"projects/{call.cloud.number}", "labels": labels})
    return {"results": found}
