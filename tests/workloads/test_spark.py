"""The module spark: the settings of its jobs on each cloud, and what needs an image of yours."""

from typing import Any

import pytest

from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of
from tests.workloads.runners import IMAGE, rendered, with_module

CHART = "spark-jobs"
OWN = {
    "image": IMAGE, "event-logs": "spark-events",
    "upkeep": {"schedule": "0 1 * * *", "keep-days": 7, "delta": ["silver/orders/items"]},
}  # fmt: skip


def chosen(found: Context, settings: dict[str, Any]) -> Context:
    """The context with spark and its catalogue, which stands in its namespace."""
    return with_module(with_module(found, "nessie", {}), "spark", settings)


def defaults(context: Context) -> dict[str, str]:
    lines = of(_objects(context), "ConfigMap")["spark-defaults"]["data"]["spark-defaults.conf"].splitlines()
    return dict(line.split(" ", 1) for line in lines)


def _objects(context: Context) -> list[dict[str, Any]]:
    return rendered(context, "spark", CHART)


@pytest.mark.parametrize(
    ("cloud", "files", "events"),
    [
        ("aws", "org.apache.iceberg.aws.s3.S3FileIO", "s3a://dpf-dev-silver-1a2b/spark-events/logs"),
        ("azure", "org.apache.iceberg.azure.adlsv2.ADLSFileIO",
         "abfss://silver@dpfdev1a2b.dfs.core.windows.net/spark-events/logs"),
        ("gcp", "org.apache.iceberg.gcp.gcs.GCSFileIO", "gs://dpf-dev-silver-1a2b/spark-events/logs"),
    ],
)  # fmt: skip
def test_jobs_read_the_one_catalogue_and_log_to_the_lake(make: Make, cloud: str, files: str, events: str) -> None:
    found = defaults(chosen(make(cloud), OWN))
    assert found["spark.sql.catalog.lake.uri"] == "http://nessie.nessie:19120/iceberg/main"
    assert found["spark.sql.catalog.lake.io-impl"] == files
    assert found["spark.eventLog.dir"] == found["spark.history.fs.logDirectory"] == events
    assert not [name for name in found if name.endswith(("secret", "key", "password", "token"))]


def test_without_a_catalogue_there_are_no_tables_of_iceberg(make: Make) -> None:
    assert not [name for name in defaults(with_module(make("aws"), "spark", OWN)) if ".catalog.lake" in name]


def test_the_history_server_and_upkeep_need_an_image(make: Make) -> None:
    kinds = {one["kind"] for one in _objects(chosen(make("gcp"), {}))}
    assert kinds == {"ConfigMap"}
    assert {"Deployment", "ScheduledSparkApplication"} < {one["kind"] for one in _objects(chosen(make("gcp"), OWN))}
