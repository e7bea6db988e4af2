"""The module spark: the settings of its jobs on each cloud, and its upkeep with Spark and Iceberg themselves."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of
from tests.workloads.runners import IMAGE, python, rendered, with_module

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


def test_upkeep_expires_versions_but_not_those_that_branches_share(make: Make, tmp_path: Path) -> None:
    program = python("TERRACE_TEST_SPARK")
    context = chosen(make("aws"), OWN)
    data = of(_objects(context), "ConfigMap")["spark-upkeep"]["data"]
    (tmp_path / "upkeep.py").write_text(data["upkeep.py"])
    (tmp_path / "upkeep.json").write_text(json.dumps({**json.loads(data["upkeep.json"]), "delta": []}))
    # The rendered settings, with a catalogue on the disk in place of Nessie, and nothing of a cloud.
    kept = {
        name: value
        for name, value in defaults(context).items()
        if not name.startswith(("spark.eventLog", "spark.history", "spark.hadoop", "spark.sql.catalog.lake."))
    }
    local = {"type": "hadoop", "warehouse": str(tmp_path / "warehouse")}
    kept |= {f"spark.sql.catalog.lake.{name}": value for name, value in local.items()}
    kept |= {"spark.ui.enabled": "false", "spark.master": "local[1]", "spark.sql.shuffle.partitions": "1"}
    conf = tmp_path / "spark-defaults.conf"
    conf.write_text("".join(f"{name} {value}\n" for name, value in kept.items()))

    def go(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
        folder = Path(program).parent
        env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        command = [folder / "spark-submit", "--properties-file", conf, tmp_path / script, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)

    (tmp_path / "before.py").write_text(
        """
from pyspark.sql import SparkSession
s = SparkSession.builder.getOrCreate()
s.sql("create namespace lake.sales")
for name, more in (("orders", ""), ("shared", "tblproperties ('gc.enabled' = 'false')")):
    s.sql(f"create table lake.sales.{name} (id int) using iceberg {more}")
    for i in range(3):
        s.sql(f"insert into lake.sales.{name} values ({i})")
"""
    )
    done = go("before.py")
    assert done.returncode == 0, done.stderr[-3000:]
    upkeep = json.loads((tmp_path / "upkeep.json").read_text())
    (tmp_path / "upkeep.json").write_text(json.dumps({**upkeep, "keepDays": -1}))  # versions of today are old
    done = go("upkeep.py", tmp_path / "upkeep.json")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.splitlines() == ["done   sales.orders", "done   sales.shared"]
    (tmp_path / "after.py").write_text(
        """
from pyspark.sql import SparkSession
s = SparkSession.builder.getOrCreate()
def count(query):
    return s.sql(query).collect()[0][0]
for table in ("orders", "shared"):
    name = f"lake.sales.{table}"
    print(table, *(count(f"select count(*) from {name}{part}") for part in ("", ".files", ".snapshots")))
"""
    )
    done = go("after.py")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    # rows, files and versions: Iceberg compacts five files or more
    assert rows["orders"] == ["3", "3", "1"], done.stdout + done.stderr[-3000:]
    assert rows["shared"] == ["3", "3", "4"]
