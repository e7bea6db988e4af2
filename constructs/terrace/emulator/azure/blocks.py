"""Blobs written in blocks. Sources: Blob service REST API, "Put Block", "Put Block List", "Get Block List".

Uncommitted blocks are in memory only; Azure discards them after a week.
"""

from xml.etree import ElementTree

from terrace.emulator.azure.kind import Refused
from terrace.emulator.azure.store import Item

Blocks = dict[str, bytes]


class Uncommitted:
    """The blocks of each blob that no list has committed, by the blob's path."""

    def __init__(self) -> None:
        self._blocks: dict[str, Blocks] = {}

    def put(self, path: str, id: str, content: bytes) -> None:
        blocks = self._blocks.setdefault(path, {})
        if not id or any(len(id) != len(other) for other in blocks):
            raise Refused(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
        blocks[id] = content

    def drop(self, path: str) -> None:
        self._blocks.pop(path, None)

    def commit(self, path: str, item: Item | None, raw: bytes) -> tuple[bytes, list[list[str | int]]]:
        """The content of a new blob by a list of blocks, and the list of its blocks with their sizes."""
        new, old = self._blocks.get(path, {}), committed(item)
        known = {"Uncommitted": new, "Committed": old, "Latest": old | new}
        try:
            wanted = [(each.tag, (each.text or "").strip()) for each in ElementTree.fromstring(raw)]
        except ElementTree.ParseError:
            raise Refused(400, "InvalidXmlDocument", "XML specified is not syntactically valid.") from None
        if any(id not in known.get(tag, {}) for tag, id in wanted):
            raise Refused(400, "InvalidBlockList", "The specified block list is invalid.")
        parts = [(id, known[tag][id]) for tag, id in wanted]
        self.drop(path)
        return b"".join(part for _, part in parts), [[id, len(part)] for id, part in parts]

    def listing(self, path: str, item: Item | None, which: str) -> bytes:
        root = ElementTree.Element("BlockList")
        for tag, blocks in (("CommittedBlocks", committed(item)), ("UncommittedBlocks", self._blocks.get(path, {}))):
            if which == "all" or tag.lower().startswith(which):
                group = ElementTree.SubElement(root, tag)
                for id, content in blocks.items():
                    block = ElementTree.SubElement(group, "Block")
                    ElementTree.SubElement(block, "Name").text = id
                    ElementTree.SubElement(block, "Size").text = str(len(content))
        return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def committed(item: Item | None) -> Blocks:
    """The blocks that a blob was made of."""
    blocks: Blocks = {}
    if item is not None:
        position = 0
        for id, size in item.body.get("blocks", ()):
            blocks[id] = item.body["content"][position : position + size]
            position += size
    return blocks
