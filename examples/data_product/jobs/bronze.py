"""Puts the files of a folder into bronze as they are. Usage: bronze.py FOLDER.

An object's name contains the digest of its content and is never written twice, so that a second run adds nothing.
"""

import hashlib
import sys
from pathlib import Path

import wiring
from botocore.exceptions import ClientError


def main(folder: Path) -> None:
    client, (bucket, at) = wiring.s3("airflow"), wiring.place("bronze")
    written = 0
    for path in sorted(folder.glob("*.jsonl.gz")):
        content = path.read_bytes()
        key = f"{at}events/{hashlib.sha256(content).hexdigest()[:32]}.jsonl.gz"
        try:
            client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*", ChecksumAlgorithm="SHA256")
            written += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
    wiring.report(objects=written)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
