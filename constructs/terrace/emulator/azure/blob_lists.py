"""Lists of containers and blobs. Sources: Blob service REST API, "List Containers", "List Blobs"."""

from urllib.parse import unquote
from xml.etree import ElementTree

from terrace.emulator.azure import versions
from terrace.emulator.azure.blob_headers import properties
from terrace.emulator.azure.call import Call
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.store import Item, Store

_PAGE = 5000
_NAMES = {
    "x-ms-blob-type": "BlobType",
    "x-ms-lease-status": "LeaseStatus",
    "x-ms-lease-state": "LeaseState",
    "ETag": "Etag",
    "x-ms-version-id": "",
}
"""Properties that have another name in a list, or none."""


def containers(store: Store, account: Item) -> bytes:
    root = ElementTree.Element("EnumerationResults")
    group = ElementTree.SubElement(root, "Containers")
    for item in store.children(f"{account.id}/blobServices/default", "containers"):
        container = ElementTree.SubElement(group, "Container")
        ElementTree.SubElement(container, "Name").text = parse(item.id).name
        ElementTree.SubElement(ElementTree.SubElement(container, "Properties"), "Etag").text = f'"{item.etag}"'
    ElementTree.SubElement(root, "NextMarker")
    return _text(root)


def blobs(store: Store, parent: Item, call: Call) -> bytes:
    """Names in order, in pages; the marker is the first name of the next page."""
    root = ElementTree.Element("EnumerationResults", ContainerName=parse(parent.id).name)
    group = ElementTree.SubElement(root, "Blobs")
    prefix, marker, delimiter = (call.query.get(name, "") for name in ("prefix", "marker", "delimiter"))
    size, include = int(call.query.get("maxresults", _PAGE)), call.query.get("include", "")
    items = {unquote(parse(item.id).name): item for item in store.children(parent.id, "blobs")}
    old = versions.of(store, parent) if "versions" in include else {}
    entries: dict[str, list[Item]] = {}  # a blob's versions, or nothing for a prefix
    for name in sorted(name for name in {*items, *old} if name.startswith(prefix)):
        head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        if found:
            entries[f"{prefix}{head}{delimiter}"] = []
        else:
            entries[name] = [*old.get(name, []), *([items[name]] if name in items else [])]
    names = sorted(name for name in entries if name >= marker)
    for name in names[:size]:
        if not entries[name]:
            ElementTree.SubElement(ElementTree.SubElement(group, "BlobPrefix"), "Name").text = name
        for item in entries[name]:
            _add(group, name, item, item is items.get(name), "metadata" in include)
    ElementTree.SubElement(root, "NextMarker").text = names[size] if len(names) > size else ""
    return _text(root)


def _add(group: ElementTree.Element, name: str, item: Item, is_current: bool, with_metadata: bool) -> None:
    blob = ElementTree.SubElement(group, "Blob")
    ElementTree.SubElement(blob, "Name").text = name
    if version := item.body.get("version"):
        ElementTree.SubElement(blob, "VersionId").text = version
    if is_current:
        ElementTree.SubElement(blob, "IsCurrentVersion").text = "true"
    group = ElementTree.SubElement(blob, "Properties")
    for word, value in properties(item).items():
        if label := _NAMES.get(word, word):
            ElementTree.SubElement(group, label).text = value
    if with_metadata:
        words = ElementTree.SubElement(blob, "Metadata")
        for word, value in item.body["metadata"].items():
            ElementTree.SubElement(words, word).text = value


def _text(root: ElementTree.Element) -> bytes:
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
