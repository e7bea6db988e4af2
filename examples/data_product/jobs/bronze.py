"""Puts the files of a folder into bronze, each line sealed with the key of its person. Usage: bronze.py FOLDER.

An object's name contains the digest of the file's content and is never written twice, so that a second run adds nothing.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import sealing
import wiring


def main(folder: Path) -> None:
    objects, written = wiring.objects("airflow", "bronze"), 0
    for path in sorted(folder.glob("*.jsonl.gz")):
        content = path.read_bytes()
        name = f"events/{hashlib.sha256(content).hexdigest()[:32]}.jsonl.gz"
        if objects.names(name):
            continue  # and no key is made again for a person who was erased
        lines = sealing.sealed(gzip.decompress(content).decode().splitlines())
        body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 1, mtime=0)
        written += objects.create(name, body)
    wiring.report(objects=written)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
