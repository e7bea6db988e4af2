"""Seals events, so that each is read only with the key of the person it is about. Without the key nothing can read it.

Bronze cannot delete: its objects are locked. To erase a person is to delete the key. The keys are in the database of the
module that has the catalogue, in the table `subject_keys`.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

import wiring
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
UNKNOWN = "line:"
"""The start of the subject of a line of which the person cannot be read: it has a key of its own."""


def keys() -> Any:
    """A connection to the database with the keys."""
    connection = wiring.catalogue()
    connection.execute(
        "create table if not exists subject_keys (product text, subject text, id text unique, key bytea, "
        "primary key (product, subject))"
    )
    return connection


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def subject(line: str) -> str:
    """Whom an event is about, by the digest of the e-mail address."""
    try:
        address = json.loads(line).get("email")
    except (ValueError, AttributeError):
        address = None
    return digest(address) if isinstance(address, str) and "@" in address else UNKNOWN + digest(line)


def sealed(lines: Iterable[str]) -> Iterator[str]:
    """The lines as bronze keeps them. New persons get keys."""
    found = [(subject(line), line) for line in lines]
    with keys() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into subject_keys values (%s, %s, %s, %s) on conflict do nothing",
            [(wiring.PRODUCT, one, os.urandom(16).hex(), os.urandom(32)) for one in sorted({one for one, _ in found})],
        )
        cursor.execute("select subject, id, key from subject_keys where product = %s", [wiring.PRODUCT])
        known = {one: (id, AESGCM(key)) for one, id, key in cursor}
    for one, line in found:
        (id, key), nonce = known[one], os.urandom(NONCE)
        content = nonce + key.encrypt(nonce, line.encode(), id.encode())
        yield json.dumps({"key": id, "event": base64.b64encode(content).decode()})


class Opener:
    """Opens lines of bronze with the keys that there are now."""

    def __init__(self) -> None:
        with keys() as connection:
            found = connection.execute("select id, subject, key from subject_keys where product = %s", [wiring.PRODUCT])
            self._keys = {id: (subject, AESGCM(key)) for id, subject, key in found}

    def line(self, text: str) -> tuple[str, str | None, str | None]:
        """The id of the key, and the subject and the event; None for both of a person who was erased."""
        given = json.loads(text)
        if given["key"] not in self._keys:
            return given["key"], None, None
        subject, key = self._keys[given["key"]]
        content = base64.b64decode(given["event"])
        try:
            return given["key"], subject, key.decrypt(content[:NONCE], content[NONCE:], given["key"].encode()).decode()
        except InvalidTag as error:
            raise ValueError(f"a line of bronze was changed: key {given['key']}") from error
