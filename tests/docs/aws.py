"""What the guides use of AWS's command line: `aws SERVICE OPERATION --option value [--query JMESPATH] [--output text]`.

Which operations and options exist is what botocore's models say; the real command line is generated from the same.
"""

import json
import sys
from pathlib import Path

import boto3
import jmespath
from botocore import xform_name


def main(service: str, operation: str, *rest: str) -> None:
    client = boto3.client(service)  # type: ignore[call-overload]
    model = client.meta.service_model
    name = {xform_name(one, "-"): one for one in model.operation_names}[operation]
    shape = model.operation_model(name).input_shape
    members = {f"--{xform_name(one, '-')}": one for one in (shape.members if shape else ())}
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    query, output = options.pop("--query", "@"), options.pop("--output", "json")
    arguments = {members[option]: _value(text) for option, text in options.items()}
    found = jmespath.search(query, getattr(client, xform_name(name))(**arguments))
    if output == "text":
        print("\t".join(map(str, found)) if isinstance(found, list) else found)
    else:
        print(json.dumps(found, default=str))


def _value(text: str) -> str:
    return Path(text.removeprefix("file://")).read_text() if text.startswith("file://") else text


main(*sys.argv[1:])
