"""The choice of the Terraform binary and its download, from a loopback server with good and bad archives."""

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from terrace.deployment import binary
from terrace.deployment.binary import NoTerraform, download, locate, this_platform


def program(path: Path, output: str) -> Path:
    """A program that prints `output`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


def archive(output: str, *, name: str = "terraform") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        opened.writestr("LICENSE.txt", "words")
        opened.writestr(name, f"#!/bin/sh\necho '{output}'\n")
    return content.getvalue()


@dataclass
class Releases:
    """A server of archives; with `truncate` it announces more bytes than it sends."""

    url: str = ""
    body: bytes = b""
    truncate: bool = False
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def releases() -> Iterator[Releases]:
    server_state = Releases()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server_state.requests.append(self.path)
            self.send_response(200 if server_state.body else 404)
            self.send_header("Content-Length", str(len(server_state.body) * (2 if server_state.truncate else 1)))
            self.end_headers()
            self.wfile.write(server_state.body)

        def log_message(self, *arguments: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server_state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server_state
    server.shutdown()
    thread.join()
    server.server_close()


def settings(releases: Releases, expected: bytes) -> dict[str, str]:
    return {
        "TERRACE_TERRAFORM_RELEASES": releases.url,
        "TERRACE_TERRAFORM_SHA256": hashlib.sha256(expected).hexdigest(),
    }


def test_a_good_archive_is_installed_and_used(tmp_path: Path, releases: Releases) -> None:
    releases.body = archive("Terraform v1.11.4")
    download(tmp_path, settings(releases, releases.body))
    assert releases.requests == [f"/{binary.PINNED}/terraform_{binary.PINNED}_{this_platform()}.zip"]
    binary_found = locate(tmp_path, {"PATH": "/nowhere"})
    assert (binary_found.path, binary_found.version) == (tmp_path / ".tools/terraform", (1, 11, 4))
    assert [entry.name for entry in (tmp_path / ".tools").iterdir()] == ["terraform"]


@pytest.mark.parametrize(
    ("body", "truncate", "message"),
    [
        pytest.param(archive("Terraform v1.11.4")[:100], False, "does not match the known hash", id="truncated"),
        pytest.param(archive("Terraform v1.11.4"), True, "cannot download Terraform", id="connection-lost"),
        pytest.param(archive("Terraform v6.6.6"), False, "does not match the known hash", id="modified"),
        pytest.param(b"", False, "cannot download Terraform: 404", id="missing"),
    ],
)
def test_a_bad_archive_is_removed(
    tmp_path: Path, releases: Releases, body: bytes, truncate: bool, message: str
) -> None:
    releases.body, releases.truncate = body, truncate
    expected = archive("Terraform v1.11.4") + (b"more" if truncate else b"")
    with pytest.raises(NoTerraform, match=message) as caught:
        download(tmp_path, settings(releases, expected))
    assert "install Terraform 1.11.4 or newer on PATH" in caught.value.hint
    assert not list((tmp_path / ".tools").iterdir())


def test_a_bad_archive_does_not_replace_the_binary(tmp_path: Path, releases: Releases) -> None:
    installed = program(tmp_path / ".tools/terraform", "Terraform v1.11.4")
    releases.body = archive("Terraform v6.6.6")
    with pytest.raises(NoTerraform):
        download(tmp_path, settings(releases, b"other"))
    assert "1.11.4" in installed.read_text()


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"not an archive", "File is not a zip file"), (archive("", name="other"), "No such file or directory")],
)
def test_a_file_without_terraform_is_rejected(tmp_path: Path, releases: Releases, body: bytes, message: str) -> None:
    releases.body = body
    with pytest.raises(NoTerraform, match=f"cannot download Terraform: .*{message}"):
        download(tmp_path, settings(releases, releases.body))


def test_without_a_network_the_hint_is_to_install_terraform(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRACE_TERRAFORM_RELEASES", "http://127.0.0.1:9")  # the discard port: no server listens on it
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("TERRACE_TERRAFORM", raising=False)
    assert binary.main([str(tmp_path)]) == 3
    error = capsys.readouterr().err
    assert "cannot download Terraform: " in error
    assert "hint: install Terraform 1.11.4 or newer on PATH" in error
    assert "Traceback" not in error


def test_setup_downloads_terraform_once(
    tmp_path: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    releases.body = archive("Terraform v1.11.4")
    monkeypatch.setenv("PATH", "/nowhere:/usr/bin:/bin" if not Path("/usr/bin/terraform").exists() else "/nowhere")
    monkeypatch.delenv("TERRACE_TERRAFORM", raising=False)
    for name, value in settings(releases, releases.body).items():
        monkeypatch.setenv(name, value)
    assert binary.main([str(tmp_path)]) == 0
    assert binary.main([str(tmp_path)]) == 0
    assert len(releases.requests) == 1
    assert "Terraform 1.11.4" in capsys.readouterr().out


def test_a_platform_without_a_pinned_checksum_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "CHECKSUMS", {})
    with pytest.raises(NoTerraform, match="no checksum is pinned"):
        download(tmp_path, {})


def test_every_pinned_checksum_is_a_sha256() -> None:
    assert set(binary.CHECKSUMS) == {"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"}
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in binary.CHECKSUMS.values())


def test_the_named_binary_takes_precedence_over_the_downloaded_one(tmp_path: Path) -> None:
    program(tmp_path / ".tools/terraform", "Terraform v1.12.0")
    named = program(tmp_path / "elsewhere/tofu", "OpenTofu v1.11.2")
    binary_found = locate(tmp_path, {"PATH": "/nowhere", "TERRACE_TERRAFORM": str(named)})
    assert (binary_found.flavour, binary_found.registry_host) == ("OpenTofu", "registry.opentofu.org")


@pytest.mark.parametrize(
    ("output", "message"),
    [("Terraform v1.10.5", "1.10.5 is too old; 1.11 or newer"), ("hello", "prints no Terraform or OpenTofu version")],
)
def test_an_unsuitable_binary_is_rejected(tmp_path: Path, output: str, message: str) -> None:
    named = program(tmp_path / "terraform", output)
    with pytest.raises(NoTerraform, match=message):
        locate(tmp_path, {"TERRACE_TERRAFORM": str(named), "PATH": os.environ["PATH"]})


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoTerraform) as caught:
        locate(tmp_path, {"TERRACE_TERRAFORM": "/nowhere/terraform"})
    assert str(caught.value) == "TERRACE_TERRAFORM: no such program: '/nowhere/terraform'"


def test_terraform_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(NoTerraform, match="Terraform is not installed"):
        locate(tmp_path, {"PATH": "/nowhere"})
