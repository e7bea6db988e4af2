"""How a job reaches the platform: the file in FLOW_WIRING names the lake, the database and the identities of one step.

On a cluster the same values come from the pod: the identity of its service account, and the database's password file.
"""

import json
import os
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any] = json.loads(Path(os.environ["FLOW_WIRING"]).read_text(encoding="utf-8"))
PRODUCT: str = GIVEN["product"]
CONTRACT: dict[str, Any] = GIVEN["contract"]
CANDIDATE = "candidate"
"""The branch of silver's tables with what is not checked yet; readers see the main branch."""


def place(layer: str) -> tuple[str, str]:
    """The bucket of a layer, and the product's folder in it."""
    return GIVEN["lake"][layer].removeprefix("s3://").strip("/"), f"{PRODUCT}/"


def s3(module: str) -> Any:
    """A client of the object store with a module's identity."""
    import boto3

    given = GIVEN["files"][module]
    return boto3.client(
        "s3", endpoint_url=given["s3.endpoint"], region_name=given["s3.region"],
        aws_access_key_id=given["s3.access-key-id"], aws_secret_access_key=given["s3.secret-access-key"],
        aws_session_token=given["s3.session-token"],
    )  # fmt: skip


def objects(client: Any, bucket: str, prefix: str) -> list[str]:
    """The names of the objects in a folder, in order."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(one["Key"] for page in pages for one in page.get("Contents", []))


def database(role: str) -> Any:
    """A connection to the platform's database as a module's role. libpq reads the address, TLS and the password file."""
    import psycopg

    return psycopg.connect(dbname=GIVEN["database"], user=role)


def table(module: str, layer: str, name: str, schema: Any = None) -> Any:
    """An Iceberg table of the product, created if it does not exist and `schema` is given; else None.

    The catalogue is in the database of the module whose role is GIVEN["catalogue"].
    """
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.exceptions import NoSuchTableError

    role = GIVEN["catalogue"]
    bucket, folder = place(layer)
    catalog = SqlCatalog(
        "lake",
        **{
            "uri": f"postgresql+psycopg://{role}@/{role}",
            "warehouse": f"s3://{bucket}/{folder}warehouse",
            **GIVEN["files"][module],
        },
    )
    identifier = (f"{layer}_{PRODUCT}", name)
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        if schema is None:
            return None
    catalog.create_namespace_if_not_exists(identifier[:1])
    return catalog.create_table(identifier, schema=schema, location=f"s3://{bucket}/{folder}{name}")


def promised(name: str) -> dict[str, Any]:
    """What the contract says about a table."""
    return next(one for one in CONTRACT["schema"] if one["name"] == name)


def said(found: Any, branch: str = "main") -> dict[str, str]:
    """What the last commit of a table was given with its rows."""
    last = found.snapshot_by_name(branch) if found is not None else None
    return dict(last.summary.additional_properties) if last is not None and last.summary is not None else {}


def replace(found: Any, rows: Any, source: str, branch: str = "main", **properties: str) -> bool:
    """Make `rows` the content of a table in one commit, unless its last commit has the same source already."""
    if said(found, branch).get("source") == source:
        return False
    if branch not in found.refs():
        if found.current_snapshot() is None:
            found.append(rows.slice(0, 0))  # the first commit cannot be on another branch
        if branch != "main":
            found.manage_snapshots().create_branch(found.current_snapshot().snapshot_id, branch).commit()
    found.overwrite(rows, snapshot_properties={"source": source, **properties}, branch=branch)
    return True


def dataset(where: str, name: str) -> tuple[str, str]:
    """How OpenLineage names a folder or table of a layer, or a table of a schema."""
    if where in GIVEN["lake"]:
        bucket, at = place(where)
        return f"s3://{bucket}", f"{at}{name}"
    return f"postgres://{os.environ['PGHOST']}:{os.environ['PGPORT']}", f"{GIVEN['database']}.{where}.{name}"


def trace(job: str, made: dict[tuple[str, str], dict[str, list[tuple[tuple[str, str], str]]]]) -> None:
    """Tell OpenLineage what a job made: dataset to column to the columns that it is made from.

    Variables of OpenLineage's client say where events go.
    """
    from datetime import datetime, timezone

    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import column_lineage_dataset as facet
    from openlineage.client.uuid import generate_new_uuid

    sources = sorted({source for columns in made.values() for origins in columns.values() for source, _ in origins})
    outputs = []
    for (namespace, name), columns in made.items():
        fields = {
            column: facet.Fields(inputFields=[facet.InputField(*source, one) for source, one in origins])
            for column, origins in columns.items()
        }
        facets = {"columnLineage": facet.ColumnLineageDatasetFacet(fields=fields)}
        outputs.append(OutputDataset(namespace, name, facets=facets))
    OpenLineageClient().emit(RunEvent(
        eventTime=datetime.now(timezone.utc).isoformat(), producer=f"https://terrace.dev/jobs/{PRODUCT}",
        eventType=RunState.COMPLETE, run=Run(str(generate_new_uuid())), job=Job(PRODUCT, job),
        inputs=[InputDataset(*source) for source in sources], outputs=outputs,
    ))  # fmt: skip


def report(**facts: Any) -> None:
    """What the job did, as its last line."""
    print(json.dumps(facts, sort_keys=True, default=str))
