"""Which Terraform runs, and the download of a missing one: a loopback server with good, cut and forged archives."""

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
from terrace.deployment.binary import NoTerraform, fetch, locate, this_platform


def program(path: Path, says: str) -> Path:
    """A program that answers any question with `says`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def archive(says: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        opened.writestr("LICENSE.txt", "words")
        opened.writestr("terraform", f"#!/bin/sh\necho '{says}'\n")
    return content.getvalue()


@dataclass
class Releases:
    """A server of archives; `cut` announces more bytes than it sends."""

    url: str = ""
    body: bytes = b""
    cut: bool = False
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def releases() -> Iterator[Releases]:
    served = Releases()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            self.send_response(200 if served.body else 404)
            self.send_header("Content-Length", str(len(served.body) * (2 if served.cut else 1)))
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def settings(releases: Releases, genuine: bytes) -> dict[str, str]:
    return {
        "TERRACE_TERRAFORM_RELEASES": releases.url,
        "TERRACE_TERRAFORM_SHA256": hashlib.sha256(genuine).hexdigest(),
    }


def test_a_good_archive_is_kept_and_found(tmp_path: Path, releases: Releases) -> None:
    releases.body = archive("Terraform v1.11.4")
    fetch(tmp_path, settings(releases, releases.body))
    assert releases.asked == [f"/{binary.PINNED}/terraform_{binary.PINNED}_{this_platform()}.zip"]
    found = locate(tmp_path, {"PATH": "/nowhere"})
    assert (found.path, found.version) == (tmp_path / ".tools/terraform", (1, 11, 4))
    assert [entry.name for entry in (tmp_path / ".tools").iterdir()] == ["terraform"]


@pytest.mark.parametrize(
    ("body", "cut", "message"),
    [
        pytest.param(archive("Terraform v1.11.4")[:100], False, "not the pinned one", id="truncated"),
        pytest.param(archive("Terraform v1.11.4"), True, "not the pinned one|cannot be downloaded", id="cut-short"),
        pytest.param(archive("Terraform v6.6.6"), False, "not the pinned one", id="forged"),
        pytest.param(b"", False, "the server answered 404", id="missing"),
    ],
)
def test_nothing_is_kept_of_a_bad_archive(
    tmp_path: Path, releases: Releases, body: bytes, cut: bool, message: str
) -> None:
    releases.body, releases.cut = body, cut
    genuine = archive("Terraform v1.11.4") + (b"more" if cut else b"")
    with pytest.raises(NoTerraform, match=message) as caught:
        fetch(tmp_path, settings(releases, genuine))
    assert "install Terraform 1.11.4 or newer by hand" in caught.value.hint
    assert not list((tmp_path / ".tools").iterdir())


def test_a_bad_archive_leaves_the_good_binary_alone(tmp_path: Path, releases: Releases) -> None:
    kept = program(tmp_path / ".tools/terraform", "Terraform v1.11.4")
    releases.body = archive("Terraform v6.6.6")
    with pytest.raises(NoTerraform):
        fetch(tmp_path, settings(releases, b"other"))
    assert "1.11.4" in kept.read_text()


def test_an_archive_without_terraform(tmp_path: Path, releases: Releases) -> None:
    releases.body = b"not an archive"
    with pytest.raises(NoTerraform, match="holds no terraform"):
        fetch(tmp_path, settings(releases, releases.body))


def test_without_network_one_sentence_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRACE_TERRAFORM_RELEASES", "http://127.0.0.1:9")  # nobody listens on the discard port
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("TERRACE_TERRAFORM", raising=False)
    assert binary.main([str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert "Terraform cannot be downloaded: " in said
    assert "hint: install Terraform 1.11.4 or newer by hand" in said
    assert "Traceback" not in said


def test_set_up_fetches_only_what_is_missing(
    tmp_path: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    releases.body = archive("Terraform v1.11.4")
    monkeypatch.setenv("PATH", "/nowhere:/usr/bin:/bin" if not Path("/usr/bin/terraform").exists() else "/nowhere")
    monkeypatch.delenv("TERRACE_TERRAFORM", raising=False)
    for name, value in settings(releases, releases.body).items():
        monkeypatch.setenv(name, value)
    assert binary.main([str(tmp_path)]) == 0
    assert binary.main([str(tmp_path)]) == 0
    assert len(releases.asked) == 1
    assert "Terraform 1.11.4" in capsys.readouterr().out


def test_a_platform_without_a_pinned_sum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "CHECKSUMS", {})
    with pytest.raises(NoTerraform, match="no checksum"):
        fetch(tmp_path, {})


def test_every_pinned_sum_is_one() -> None:
    assert set(binary.CHECKSUMS) == {"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"}
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in binary.CHECKSUMS.values())


def test_the_named_binary_wins_over_the_kept_one(tmp_path: Path) -> None:
    program(tmp_path / ".tools/terraform", "Terraform v1.12.0")
    named = program(tmp_path / "elsewhere/tofu", "OpenTofu v1.11.2")
    found = locate(tmp_path, {"PATH": "/nowhere", "TERRACE_TERRAFORM": str(named)})
    assert (found.flavour, found.registry_host) == ("OpenTofu", "registry.opentofu.org")


@pytest.mark.parametrize(
    ("says", "message"),
    [("Terraform v1.10.5", "1.10.5 is too old: 1.11 or newer"), ("hello", "does not say which Terraform it is")],
)
def test_an_unsuitable_binary_is_refused(tmp_path: Path, says: str, message: str) -> None:
    named = program(tmp_path / "terraform", says)
    with pytest.raises(NoTerraform, match=message):
        locate(tmp_path, {"TERRACE_TERRAFORM": str(named), "PATH": os.environ["PATH"]})


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(NoTerraform) as caught:
        locate(tmp_path, {"TERRACE_TERRAFORM": "/nowhere/terraform"})
    assert str(caught.value) == "TERRACE_TERRAFORM: there is no program '/nowhere/terraform'"


def test_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(NoTerraform, match="Terraform is not installed"):
        locate(tmp_path, {"PATH": "/nowhere"})
