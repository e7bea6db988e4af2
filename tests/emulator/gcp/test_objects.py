"""Objects as the clients of data engines use them: Google's own, gcsfs, pyarrow and pyiceberg, in a child process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from terrace.emulator import Emulator, Options, start
from tests.emulator import iceberg
from tests.emulator.gcp.conftest import Google

UPLOAD = "https://storage.googleapis.com/upload/storage/v1/b/lake/o"
STEP = 256 * 1024

_ENABLE = """
import json, os, google.auth, google.auth.transport.requests
from google.cloud import storage
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = google.auth.transport.requests.AuthorizedSession(credentials)
session.post(f"https://serviceusage.googleapis.com/v1/projects/{project}/services/storage.googleapis.com:enable")
client = storage.Client()
client.lookup_bucket("lake") or client.create_bucket("lake", location="EUROPE-WEST3")
"""
_GOOGLE = """
data = os.urandom(3 * 2**20 + 17)
bucket = client.bucket("lake")
bucket.blob("big", chunk_size=2**20).upload_from_string(data)
with bucket.blob("big").open("rb") as file:
    file.seek(-7, 2)
    end = file.read()
whole, part = bucket.blob("big").download_as_bytes(), bucket.blob("big").download_as_bytes(start=5, end=9)
with client.batch():
    bucket.delete_blob("big")
print(json.dumps([whole == data, part == data[5:10], end == data[-7:], bucket.blob("big").exists()]))
"""
_GCSFS = """
import gcsfs
files, data = gcsfs.GCSFileSystem(), os.urandom(6 * 2**20 + 1)
with files.open("lake/gcsfs/big", "wb", block_size=5 * 2**20) as file:
    file.write(data)
files.pipe("lake/gcsfs/small", b"hi")
files.copy("lake/gcsfs/small", "lake/gcsfs/copy")
found = sorted(files.find("lake/gcsfs"))
same = [files.cat("lake/gcsfs/big") == data, files.cat_file("lake/gcsfs/big", 3, 8) == data[3:8]]
files.rm("lake/gcsfs", recursive=True)
print(json.dumps([same, found, files.find("lake/gcsfs")]))
"""
_PYARROW = """
import datetime, pyarrow, pyarrow.fs, pyarrow.parquet
later = datetime.datetime.now() + datetime.timedelta(hours=1)
files = pyarrow.fs.GcsFileSystem(access_token="emulated", credential_token_expiration=later, scheme="http",
                                 endpoint_override=os.environ["ENDPOINT"], project_id=project)
table = pyarrow.table({"a": list(range(100_000))})
pyarrow.parquet.write_table(table, "lake/arrow/t.parquet", filesystem=files, row_group_size=10_000)
part = pyarrow.parquet.ParquetFile("lake/arrow/t.parquet", filesystem=files).read_row_group(3)
same = pyarrow.parquet.read_table("lake/arrow/t.parquet", filesystem=files).equals(table)
print(json.dumps([part.column("a")[0].as_py(), same]))
"""
_ICEBERG = (
    """
import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
settings = {"gcs.project-id": project, "gcs.session-kwargs": json.dumps({"trust_env": True})}
catalog = SqlCatalog("lake", uri="sqlite://", warehouse="gs://lake/warehouse", **settings,
                     **{"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"})
"""
    + iceberg.TABLE
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start("gcp", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param(_GOOGLE, [True, True, True, False], id="google-cloud-storage"),
        pytest.param(
            _GCSFS, [[True, True], [f"lake/gcsfs/{name}" for name in ("big", "copy", "small")], []], id="gcsfs"
        ),
        pytest.param(_PYARROW, [30_000, True], id="pyarrow"),
        pytest.param(_ICEBERG, [1990, 3], id="pyiceberg"),
    ],
)
def test_clients_of_engines_write_and_read_objects(emulator: Emulator, code: str, printed: Any) -> None:
    variables = emulator.child_environment(os.environ) | {"ENDPOINT": f"127.0.0.1:{emulator.backend_port}"}
    child = subprocess.run(
        [sys.executable, "-c", _ENABLE + code], env=variables, capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout) == printed
    assert (emulator.unsupported(), emulator.refused()) == ([], {})


@pytest.fixture
def lake(google: Google) -> Google:
    google("storage").buckets().insert(project="acme-data-dev", body={"name": "lake", "location": "EU"}).execute()
    return google


def write(google: Google, name: str, content: bytes, **conditions: Any) -> Any:
    media = MediaInMemoryUpload(content, "text/plain")
    return google("storage").objects().insert(bucket="lake", name=name, media_body=media, **conditions).execute()


def read(google: Google, name: str, **headers: str) -> tuple[int, bytes, str]:
    url = f"https://storage.googleapis.com/storage/v1/b/lake/o/{name}?alt=media"
    response, content = google.request(url, headers=headers)
    return int(response.status), content, response.get("content-range", "")


@pytest.mark.parametrize(
    ("range", "expected"),
    [
        ("bytes=2-4", (206, b"234", "bytes 2-4/10")),
        ("bytes=7-", (206, b"789", "bytes 7-9/10")),
        ("bytes=-2", (206, b"89", "bytes 8-9/10")),
        ("bytes=8-99", (206, b"89", "bytes 8-9/10")),
        ("bytes=10-", (416, b"", "bytes */10")),
        ("lines=1-2", (200, b"0123456789", "")),
    ],
)
def test_a_range_of_an_object_is_read(lake: Google, range: str, expected: tuple[int, bytes, str]) -> None:
    write(lake, "digits", b"0123456789")
    assert read(lake, "digits", range=range) == expected


def test_a_resumable_upload_continues_where_it_broke_off(lake: Google) -> None:
    begun, _ = lake.request(f"{UPLOAD}?uploadType=resumable&name=big", "POST", b"{}")
    session, content = begun["location"], bytes(range(256)) * 2048  # two steps
    assert session.startswith("https://storage.googleapis.com/upload/")

    def put(body: bytes, where: str) -> tuple[int, str]:
        response, _ = lake.request(session, "PUT", body, {"content-range": where})
        return int(response.status), response.get("range", "")

    assert put(b"", "bytes */*") == (308, "")
    assert put(content[: STEP + 9], f"bytes 0-{STEP + 8}/*") == (308, f"bytes=0-{STEP - 1}")  # complete steps only
    assert put(content[2 * STEP - 5 :], f"bytes {2 * STEP - 5}-{2 * STEP - 1}/{2 * STEP}")[0] == 308  # a gap
    assert lake("storage").objects().list(bucket="lake").execute()["items"] == []
    assert put(content[STEP:], f"bytes {STEP}-{2 * STEP - 1}/{2 * STEP}")[0] == 200
    assert put(b"", "bytes */*")[0] == 200
    assert read(lake, "big")[1] == content


def test_a_cancelled_upload_writes_nothing(lake: Google) -> None:
    begun, _ = lake.request(f"{UPLOAD}?uploadType=resumable&name=big", "POST", b"{}")
    assert int(lake.request(begun["location"], "DELETE")[0].status) == 499
    assert int(lake.request(begun["location"], "PUT", b"x")[0].status) == 404


def test_only_one_of_two_resumable_writers_creates_an_object(lake: Google) -> None:
    sessions = [
        lake.request(f"{UPLOAD}?uploadType=resumable&name=one&ifGenerationMatch=0", "POST", b"{}")[0]["location"]
        for _ in range(2)
    ]
    assert [int(lake.request(session, "PUT", b"x")[0].status) for session in sessions] == [200, 412]


def test_preconditions_hold_for_each_change(lake: Google) -> None:
    objects = lake("storage").objects()
    first = write(lake, "a", b"1", ifGenerationMatch=0)["generation"]
    second = write(lake, "a", b"2", ifGenerationMatch=first)["generation"]
    stale = {"bucket": "lake", "object": "a", "ifGenerationMatch": first}
    copied = {"sourceBucket": "lake", "sourceObject": "a", "destinationBucket": "lake", "destinationObject": "b"}
    refused = [
        objects.get(**stale),
        objects.delete(**stale),
        objects.patch(**stale, body={"contentType": "text/csv"}),
        objects.patch(bucket="lake", object="a", ifMetagenerationMatch=7, body={}),
        objects.rewrite(**copied, ifSourceGenerationMatch=first, body={}),
        objects.insert(bucket="lake", name="a", media_body=MediaInMemoryUpload(b"3"), ifGenerationNotMatch=second),
    ]
    for request in refused:
        with pytest.raises(HttpError) as error:
            request.execute()
        assert error.value.resp.status == 412
    assert read(lake, "a")[1] == b"2"
    assert objects.rewrite(**copied, ifSourceGenerationMatch=second, body={}).execute()["done"]
    assert read(lake, "b")[1] == b"2"


def test_a_bucket_with_versioning_keeps_and_restores_generations(lake: Google) -> None:
    objects = lake("storage").objects()
    lake("storage").buckets().patch(bucket="lake", body={"versioning": {"enabled": True}}).execute()
    first = write(lake, "a", b"1")["generation"]
    write(lake, "a", b"2")
    objects.delete(bucket="lake", object="a").execute()
    assert read(lake, "a")[0] == 404
    assert objects.get_media(bucket="lake", object="a", generation=first).execute() == b"1"
    assert len(objects.list(bucket="lake", versions=True).execute()["items"]) == 2
    place = {"sourceBucket": "lake", "sourceObject": "a", "destinationBucket": "lake", "destinationObject": "a"}
    objects.rewrite(**place, sourceGeneration=first, body={}).execute()
    assert read(lake, "a")[1] == b"1"


def test_objects_are_composed_and_listed_in_pages(lake: Google) -> None:
    objects = lake("storage").objects()
    for name in ("d/1", "d/2", "e"):
        write(lake, name, name.encode())
    body = {"sourceObjects": [{"name": "d/2"}, {"name": "d/1"}]}
    objects.compose(destinationBucket="lake", destinationObject="joined", body=body).execute()
    assert read(lake, "joined")[1] == b"d/2d/1"
    pages, request = [], objects.list(bucket="lake", delimiter="/", maxResults=1)
    while request is not None:
        page = request.execute()
        pages.append(([each["name"] for each in page["items"]], page.get("prefixes")))
        request = objects.list_next(request, page)
    assert pages == [([], ["d/"]), (["e"], None), (["joined"], None)]


def test_a_wrong_checksum_is_refused(lake: Google) -> None:
    media = MediaInMemoryUpload(b"x", "text/plain")
    with pytest.raises(HttpError, match="doesn't match calculated crc32c"):
        lake("storage").objects().insert(
            bucket="lake", body={"name": "a", "crc32c": "AAAAAA=="}, media_body=media
        ).execute()


def test_the_content_of_objects_is_saved(tmp_path: Any) -> None:
    first = Google(Options(state=tmp_path))
    first.enable("storage")
    first("storage").buckets().insert(project="acme-data-dev", body={"name": "lake", "location": "EU"}).execute()
    write(first, "a", b"0123")
    first.backend.close()
    assert read(Google(Options(state=tmp_path)), "a", range="bytes=1-2")[1] == b"12"
