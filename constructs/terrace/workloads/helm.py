"""Runs the helm binary: `helm template`, which needs no cluster."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from terrace.errors import TerraceError, UsageError
from terrace.variables import HELM
from terrace.workloads.context import Object
from terrace.workloads.manifests import InvalidManifest, parsed
from terrace.workloads.release import Release

_SECONDS = 120
_INHERITED = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class HelmFailed(TerraceError):
    """Helm cannot render or download a chart."""


@dataclass(frozen=True)
class Helm:
    """A helm binary."""

    path: Path

    @cached_property
    def version(self) -> str:
        """Its version: v4.2.3."""
        return self._run(["version", "--template", "{{.Version}}"]).strip()

    def template(
        self,
        release: Release,
        chart: Path,
        *,
        kubernetes: str,
        apis: Sequence[str] = (),
        definitions: bool = False,
    ) -> tuple[Object, ...]:
        """The objects of a release, without tests; with `definitions`, also those in crds/.

        `kubernetes` is the cluster's version, `apis` are its group/versions besides Kubernetes' own. Raises HelmFailed.
        """
        arguments = ["template", release.name, str(chart), "--namespace", release.namespace, "--values", "-"]
        arguments += ["--kube-version", kubernetes, "--skip-tests"]
        arguments += ["--include-crds"] if definitions else []
        arguments += [f"--api-versions={api}" for api in apis]
        text = self._run(arguments, json.dumps(release.values, default=dict), where=f"release {release.name}")
        try:
            return parsed(text)
        except InvalidManifest as error:
            raise HelmFailed(f"the chart renders {error}", where=f"release {release.name}") from error

    def pull(self, reference: str, version: str, directory: Path) -> None:
        """Download a chart of an OCI registry to `directory`. Raises HelmFailed."""
        arguments = ["pull", reference, "--version", version, "--destination", str(directory)]
        self._run(arguments, where=f"{reference}:{version}")

    def _run(self, arguments: Sequence[str], stdin: str = "", *, where: str = "helm") -> str:
        with tempfile.TemporaryDirectory(prefix="terrace-helm-") as scratch:
            # Helm's own folders are empty, so that no repository or plugin of the user changes the result.
            variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            variables |= {f"HELM_{kind}_HOME": f"{scratch}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA")}
            try:
                finished = subprocess.run(
                    [str(self.path), *arguments],
                    input=stdin,
                    env=variables,
                    capture_output=True,
                    text=True,
                    timeout=_SECONDS,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise HelmFailed(f"helm did not run: {error}", where=where) from error
        if finished.returncode:
            lines = [line for line in finished.stderr.splitlines() if line and not line.startswith("WARNING")]
            message = " ".join(lines).removeprefix("Error: ") or "no error message"
            raise HelmFailed(f"helm {arguments[0]} failed: {message}", where=where)
        return finished.stdout


def find(root: Path, environ: Mapping[str, str] = os.environ) -> Helm | None:
    """Helm: in TERRACE_HELM, the project's .tools/helm, or on PATH. Raises UsageError for a wrong TERRACE_HELM."""
    if named := HELM.read(environ):
        if not os.access(named, os.X_OK):
            raise UsageError(
                f"{HELM.name}: {named} is not an executable file", hint="unset it, or name the helm binary"
            )
        return Helm(Path(named).resolve())
    own = root / ".tools" / "helm"
    if os.access(own, os.X_OK):
        return Helm(own)
    found = shutil.which("helm", path=environ.get("PATH"))
    return Helm(Path(found)) if found else None
