"""terrace.workloads.vendoring: charts from a repository on loopback, and the refusal of those that have changed."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from terrace.errors import UsageError
from terrace.modules.contract import ChartSpec
from terrace.workloads.charts import ChartRefused
from terrace.workloads.vendoring import ChartUnavailable, vendor
from tests.workloads.test_charts import packed


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class Repository:
    """A chart repository on loopback; `spec` pins its chart. Its URL has http, which module.yaml does not allow."""

    def __init__(self, folder: Path) -> None:
        self.archive = packed(folder)
        self.digest = hashlib.sha256(self.archive.read_bytes()).hexdigest()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.index(self.digest)

    def index(self, digest: str) -> None:
        entry = f"{{version: 1.0.0, urls: [shop-1.0.0.tgz], digest: {digest}}}"
        (self.archive.parent / "index.yaml").write_text(f"entries: {{shop: [{entry}]}}\n")

    def spec(self, digest: str | None = None, version: str = "1.0.0", name: str = "shop") -> ChartSpec:
        return ChartSpec.model_construct(repository=self.url, name=name, version=version, digest=digest)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    (tmp_path / "repository").mkdir()
    running = Repository(tmp_path / "repository")
    threading.Thread(target=running.http.serve_forever, daemon=True).start()
    yield running
    running.http.shutdown()
    running.http.server_close()


def test_a_chart_is_downloaded_once_and_verified(repository: Repository, tmp_path: Path) -> None:
    spec = repository.spec(f"sha256:{repository.digest}")
    first = vendor(spec, tmp_path / "charts", None)
    assert first.downloaded and first.verified
    assert first.path.read_bytes() == repository.archive.read_bytes()
    repository.archive.unlink()
    second = vendor(spec, tmp_path / "charts", None)
    assert not second.downloaded and second.verified


def test_a_chart_without_a_pinned_digest_names_the_one_to_pin(repository: Repository, tmp_path: Path) -> None:
    found = vendor(repository.spec(), tmp_path / "charts", None)
    assert (found.verified, found.digest) == (False, f"sha256:{repository.digest}")


def test_a_changed_archive_is_refused_and_not_kept(repository: Repository, tmp_path: Path) -> None:
    repository.archive.write_bytes(b"changed")
    for spec in (repository.spec(f"sha256:{repository.digest}"), repository.spec()):
        with pytest.raises(ChartUnavailable, match=r"the digest of shop-1.0.0.tgz is not the pinned"):
            vendor(spec, tmp_path / "charts", None)
    assert list((tmp_path / "charts").iterdir()) == []


def test_an_archive_that_was_there_is_verified(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "shop-1.0.0.tgz").write_bytes(b"other")
    with pytest.raises(ChartRefused, match="but its module pins"):
        vendor(repository.spec(f"sha256:{repository.digest}"), tmp_path / "charts", None)


@pytest.mark.parametrize(
    ("name", "version", "hint"), [("shop", "9.9.9", "it has 1.0.0"), ("shup", "1.0.0", "check the name of the chart")]
)
def test_a_chart_that_the_repository_lacks_is_an_error(
    repository: Repository, tmp_path: Path, name: str, version: str, hint: str
) -> None:
    with pytest.raises(ChartUnavailable, match=f"the repository has no chart {name} {version}") as raised:
        vendor(repository.spec(name=name, version=version), tmp_path, None)
    assert raised.value.hint == hint


def test_a_repository_that_does_not_respond_is_an_error(tmp_path: Path) -> None:
    spec = ChartSpec.model_construct(repository="http://127.0.0.1:9", name="shop", version="1.0.0", digest=None)
    with pytest.raises(ChartUnavailable, match="download failed"):
        vendor(spec, tmp_path, None)


def test_a_chart_of_an_oci_registry_needs_helm(tmp_path: Path) -> None:
    spec = ChartSpec(repository="oci://registry.example.com/charts", name="shop", version="1.0.0")
    with pytest.raises(UsageError, match="the chart shop is in an OCI registry, and helm is not installed"):
        vendor(spec, tmp_path, None)
