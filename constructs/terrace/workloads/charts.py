"""Where charts come from: a module's own folder, the directory in TERRACE_CHART_DIR, or the chart's repository.

The directory holds `<name>-<version>.tgz`, as `terrace modules vendor` writes them, or a folder `<name>`.
"""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from terrace.errors import TerraceError, UsageError
from terrace.modules.contract import ChartSpec
from terrace.variables import CHART_DIR
from terrace.workloads import manifests

_SHORT = 12
_TEXT = (".yaml", ".yml", ".tpl", ".json", ".txt")


class ChartRefused(TerraceError):
    """A chart in the directory is not the one that the module pins."""


@dataclass(frozen=True)
class LocalChart:
    """A chart on this machine: a folder or an archive, and its SHA-256 sum."""

    path: Path
    name: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name beside a stack. A folder's contains the sum, so that a plan shows a change of a template."""
        return self.path.name if self.path.is_file() else f"{self.name}-{self.sha256[:_SHORT]}"


def directory(environ: Mapping[str, str]) -> Path | None:
    """The directory in TERRACE_CHART_DIR, if it is set. Raises UsageError if it does not exist."""
    if not (named := CHART_DIR.read(environ)):
        return None
    found = Path(named).expanduser().resolve()
    if not found.is_dir():
        raise UsageError(
            f"{CHART_DIR.name}: no directory {named}", hint=f"create it with `terrace modules vendor {named}`"
        )
    return found


def find(chart: ChartSpec | Path, directory: Path | None) -> LocalChart | None:
    """The chart on this machine; None if it has to be read from its repository. Raises ChartRefused."""
    if isinstance(chart, Path):
        return local(chart)
    if directory is None:
        return None
    archive, folder = directory / f"{chart.name}-{chart.version}.tgz", directory / chart.name
    if archive.is_file():
        found = local(archive)
        if chart.digest and f"sha256:{found.sha256}" != chart.digest:
            raise ChartRefused(
                f"the digest of {archive.name} is sha256:{found.sha256}, but its module pins {chart.digest}",
                where=str(archive),
                hint=f"delete the archive and run `terrace modules vendor {directory}`",
            )
        return found
    if (folder / "Chart.yaml").is_file():
        version = metadata(folder).get("version")
        if version != chart.version:
            raise ChartRefused(
                f"the version of the chart is {version}, but its module pins {chart.version}",
                where=str(folder / "Chart.yaml"),
                hint=f"replace the folder with version {chart.version}",
            )
        return local(folder)
    return None


def local(path: Path) -> LocalChart:
    """A chart in a folder or an archive."""
    name = path.name if path.is_file() else str(metadata(path).get("name") or path.name)
    return LocalChart(path, name, _sha256(path))


def files(folder: Path) -> list[Path]:
    """The files of a chart's folder in a fixed order; a link to nowhere is left out."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def metadata(path: Path) -> dict[str, Any]:
    """The content of Chart.yaml."""
    return _yaml(path, "Chart.yaml") or {}


def default_values(path: Path) -> dict[str, Any]:
    """The content of values.yaml."""
    return _yaml(path, "values.yaml") or {}


def text(path: Path, name: str) -> str | None:
    """A file of the chart; None if it has no such file."""
    if path.is_dir():
        file = path / name
        return file.read_text(encoding="utf-8") if file.is_file() else None
    with tarfile.open(path) as archive:
        top = archive.next()
        folder = top.name.split("/", 1)[0] if top else ""
        try:
            member = archive.extractfile(f"{folder}/{name}")
        except KeyError:
            return None
        return member.read().decode() if member else None


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(name below the chart's folder, content) of its values, schemas and templates, and those of its subcharts."""
    if path.is_dir():
        for file in files(path):
            if file.suffix in _TEXT and not _is_definition(file.relative_to(path).parts):
                yield str(file.relative_to(path)), file.read_text(encoding="utf-8", errors="replace")
        return
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            if member.isfile() and Path(name).suffix in _TEXT and not _is_definition(tuple(name.split("/"))):
                stream = archive.extractfile(member)
                if stream:
                    yield name, stream.read().decode(errors="replace")


def _is_definition(parts: tuple[str, ...]) -> bool:
    return "crds" in parts or parts[-1] in ("Chart.yaml", "Chart.lock")


def _yaml(path: Path, name: str) -> dict[str, Any] | None:
    try:
        content = manifests.values(text(path, name) or "")
    except (manifests.InvalidYaml, OSError, tarfile.TarError, UnicodeDecodeError) as error:
        raise ChartRefused(f"{name} of the chart cannot be read: {error}", where=str(path)) from error
    return content if isinstance(content, dict) else None


def _sha256(path: Path) -> str:
    if path.is_file():
        status = path.stat()
        return _archive_sum(path, status.st_mtime_ns, status.st_size)
    digest = hashlib.sha256()
    for file in files(path):
        digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _archive_sum(path: Path, _modified: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
