"""Download the charts of modules, so that a machine without network access can render and install them."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from terrace.errors import TerraceError, UsageError
from terrace.modules.contract import ChartSpec
from terrace.workloads import charts
from terrace.workloads.helm import Helm

_SHA256 = "sha256:"


class ChartUnavailable(TerraceError):
    """A chart cannot be downloaded, or is not the one that the module pins."""


@dataclass(frozen=True)
class Vendored:
    """A chart in the directory. `downloaded` is false if it was there before; `digest` is that of the archive."""

    chart: ChartSpec
    path: Path
    digest: str
    downloaded: bool

    @property
    def verified(self) -> bool:
        """Whether a module pins this digest."""
        return self.chart.digest == self.digest


def vendor(chart: ChartSpec, directory: Path, helm: Helm | None) -> Vendored:
    """Download a chart of a repository to `directory`, if it is not there, and verify its digest.

    Raises ChartUnavailable, ChartRefused, UsageError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    logging.getLogger("pooch").setLevel(logging.ERROR)
    path = directory / f"{chart.name}-{chart.version}.tgz"
    if path.is_file():
        found = charts.find(chart, directory)  # verifies the digest
        assert found is not None
        return Vendored(chart, path, f"{_SHA256}{found.sha256}", downloaded=False)
    assert chart.repository
    if chart.repository.startswith("oci://"):
        if helm is None:
            raise UsageError(
                f"the chart {chart.name} is in an OCI registry, and helm is not installed",
                hint="install helm, or name it with TERRACE_HELM",
            )
        helm.pull(f"{chart.repository.rstrip('/')}/{chart.name}", chart.version, directory)
        if not path.is_file():
            raise ChartUnavailable(f"helm wrote no {path.name}", where=chart.repository)
    else:
        url, listed = _in_index(chart)
        expected = chart.digest or (f"{_SHA256}{listed.removeprefix(_SHA256)}" if listed else None)
        _download(url, expected, path)
    digest = f"{_SHA256}{charts.local(path).sha256}"
    if chart.digest and digest != chart.digest:
        path.unlink()
        raise ChartUnavailable(
            f"the digest of {path.name} is {digest}, but the module pins {chart.digest}",
            where=chart.repository,
            hint="the archive has changed since it was pinned; find out why before you pin the new one",
        )
    return Vendored(chart, path, digest, downloaded=True)


def _in_index(chart: ChartSpec) -> tuple[str, str]:
    """(address of the archive, digest) of a chart in its repository's index."""
    assert chart.repository
    base = chart.repository.rstrip("/") + "/"
    index: dict[str, Any] = _index(f"{base}index.yaml")
    for entry in index.get("entries", {}).get(chart.name) or ():
        if entry.get("version") == chart.version:
            return urljoin(base, entry["urls"][0]), str(entry.get("digest") or "")
    versions = [str(entry.get("version")) for entry in index.get("entries", {}).get(chart.name) or ()]
    raise ChartUnavailable(
        f"the repository has no chart {chart.name} {chart.version}",
        where=chart.repository,
        hint=f"it has {', '.join(versions[:5])}" if versions else "check the name of the chart",
    )


def _index(url: str) -> dict[str, Any]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="terrace-index-") as scratch:
        path = Path(scratch) / "index.yaml"
        _download(url, None, path)
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        except (YAMLError, UnicodeDecodeError) as error:
            raise ChartUnavailable(f"the index of the repository cannot be read: {error}", where=url) from error
    return content if isinstance(content, dict) else {}


def _download(url: str, digest: str | None, path: Path) -> None:
    """Download a file; with a digest, the file exists only if it fits."""
    import pooch
    import requests

    downloader = pooch.HTTPDownloader(progressbar=False, timeout=30)
    try:
        pooch.retrieve(url, known_hash=digest, fname=path.name, path=path.parent, downloader=downloader)
    except (requests.RequestException, OSError) as error:
        raise ChartUnavailable(
            f"download failed: {error}", where=url, hint="check the network, or set HTTPS_PROXY"
        ) from error
    except ValueError as error:  # pooch: the digest differs; it has deleted the file
        raise ChartUnavailable(
            f"the digest of {path.name} is not the pinned {digest}",
            where=url,
            hint="the archive has changed since it was pinned; find out why before you pin the new one",
        ) from error
