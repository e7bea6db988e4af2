"""Try what modules may not do with files. Standard input has a list of module, verb and folder; prints each answer."""

import json
import sys

from wiring import GIVEN, S3, Fsspec

_REFUSED = ("AccessDenied", "403", "Forbidden", "AuthorizationPermissionMismatch", "does not have")


def answer(module: str, verb: str, folder: str) -> str:
    given = GIVEN["files"][module]
    try:
        objects = S3(given, folder) if folder.startswith("s3://") else Fsspec(given, folder)
        if verb == "read":
            objects.read("attempt")
        elif verb == "write":
            objects.write("attempt", b"attempt")
        else:
            objects.delete("attempt")
    except FileNotFoundError:
        return "allowed"
    except Exception as error:  # each client has classes of its own
        text = f"{type(error).__name__}: {error}"
        return "refused" if isinstance(error, PermissionError) or any(one in text for one in _REFUSED) else text
    return "allowed"


print(json.dumps({"answers": [answer(*one) for one in json.load(sys.stdin)]}))
