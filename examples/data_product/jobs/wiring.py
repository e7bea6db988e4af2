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


def place(layer: str) -> str:
    """The URI of the product's folder in a layer."""
    return f"{GIVEN['lake'][layer].rstrip('/')}/{PRODUCT}/"


def objects(module: str, layer: str) -> "S3 | Fsspec":
    """The product's objects in a layer, as a module."""
    given, uri = GIVEN["files"][module], place(layer)
    return S3(given, uri) if uri.startswith("s3://") else Fsspec(given, uri)


class S3:
    """Objects of Amazon S3; names begin below a folder."""

    def __init__(self, given: dict[str, str], uri: str) -> None:
        import boto3

        self.bucket, _, self.folder = uri.removeprefix("s3://").partition("/")
        self.client = boto3.client(
            "s3", endpoint_url=given["s3.endpoint"], region_name=given["s3.region"],
            aws_access_key_id=given["s3.access-key-id"], aws_secret_access_key=given["s3.secret-access-key"],
            aws_session_token=given["s3.session-token"],
        )  # fmt: skip

    def names(self, below: str = "") -> list[str]:
        """The names that begin with `below`, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.folder + below)
        return sorted(one["Key"].removeprefix(self.folder) for page in pages for one in page.get("Contents", []))

    def read(self, name: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=self.folder + name)["Body"].read()
        return content

    def create(self, name: str, content: bytes) -> bool:
        """Write an object, unless it exists: then False."""
        from botocore.exceptions import ClientError

        try:
            self.client.put_object(
                Bucket=self.bucket, Key=self.folder + name, Body=content, IfNoneMatch="*", ChecksumAlgorithm="SHA256"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise
        return True

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.folder + name, Body=content, ChecksumAlgorithm="SHA256")

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.folder + name)


class Fsspec:
    """The same with the clients of Azure and Google Cloud that Iceberg uses."""

    def __init__(self, given: dict[str, str], uri: str) -> None:
        from urllib.parse import urlparse

        from pyiceberg.io.fsspec import FsspecFileIO

        place = urlparse(uri)
        self.files = FsspecFileIO(dict(given)).get_fs(place.scheme, place.hostname)
        self.folder = self.files._strip_protocol(uri).rstrip("/") + "/"

    def names(self, below: str = "") -> list[str]:
        self.files.invalidate_cache()
        found = self.files.find(self.folder + below.rpartition("/")[0])
        return sorted(
            name for one in found if (name := one.removeprefix(self.folder)) != one and name.startswith(below)
        )

    def read(self, name: str) -> bytes:
        content: bytes = self.files.cat_file(self.folder + name)
        return content

    def create(self, name: str, content: bytes) -> bool:
        if name in self.names(name):
            return False
        self.files.pipe_file(self.folder + name, content, mode="create")
        return True

    def write(self, name: str, content: bytes) -> None:
        self.files.pipe_file(self.folder + name, content)

    def delete(self, name: str) -> None:
        self.files.rm_file(self.folder + name)


def catalogue() -> Any:
    """A connection to the database with the catalogue of tables, which is a module's."""
    import psycopg

    return psycopg.connect(dbname=GIVEN["catalogue"]["database"], user=GIVEN["catalogue"]["role"])


def database(module: str) -> Any:
    """A connection to the platform's database as a module's role. libpq reads the address, TLS and the password file."""
    import psycopg

    return psycopg.connect(dbname=GIVEN["database"], user=GIVEN["roles"][module])


def table(module: str, layer: str, name: str, schema: Any = None) -> Any:
    """An Iceberg table of the product, created if it does not exist and `schema` is given; else None."""
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.exceptions import NoSuchTableError
    from sqlalchemy import URL

    given = GIVEN["catalogue"]
    uri = URL.create("postgresql+psycopg", username=given["role"], database=given["database"])
    settings = {"uri": str(uri), "warehouse": f"{place(layer)}warehouse", **GIVEN["files"][module]}
    catalog = SqlCatalog("lake", **settings)
    identifier = (f"{layer}_{PRODUCT}", name)
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        if schema is None:
            return None
    catalog.create_namespace_if_not_exists(identifier[:1])
    return catalog.create_table(identifier, schema=schema, location=f"{place(layer)}{name}")


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
        return GIVEN["lake"][where].rstrip("/"), f"{PRODUCT}/{name}"
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
