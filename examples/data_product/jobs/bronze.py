"""Puts the files of a folder into bronze, each line sealed with the key of its person. Usage: bronze.py FOLDER.

An object's name contains the digest of the file's content and is never written twice, so that a second run adds nothing.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import sealing
import wiring
from botocore.exceptions import ClientError


def main(folder: Path) -> None:
    client, (bucket, at) = wiring.s3("airflow"), wiring.place("bronze")
    written = 0
    for path in sorted(folder.glob("*.jsonl.gz")):
        content = path.read_bytes()
        key = f"{at}events/{hashlib.sha256(content).hexdigest()[:32]}.jsonl.gz"
        if client.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
            continue  # and no key is made again for a person who was erased
        lines = sealing.sealed(gzip.decompress(content).decode().splitlines())
        body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 1, mtime=0)
        try:
            client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", ChecksumAlgorithm="SHA256")
            written += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
    wiring.report(objects=written)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
