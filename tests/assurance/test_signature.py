"""Signed reports: a changed, missing or added file, another key and a changed signature are found."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terrace.assurance.report import signature
from terrace.errors import UsageError


def keys(directory: Path, name: str) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = directory / f"{name}.pem", directory / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def report(tmp_path: Path) -> Path:
    directory = tmp_path / "report"
    (directory / "oscal").mkdir(parents=True)
    (directory / "index.html").write_text("<p>evidence</p>")
    (directory / "oscal" / "one.json").write_text("{}")
    return directory


def test_a_report_is_as_signed(report: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path, "signer")
    signature.sign(report, private)
    assert signature.problems(report, public) == []


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda one: (one / "index.html").write_text("<p>evidencE</p>"), "index.html was changed"),
        (lambda one: (one / "oscal" / "one.json").unlink(), "oscal/one.json is missing"),
        (lambda one: (one / "extra.csv").write_text("a"), "extra.csv was added"),
        (lambda one: (one / "SHA256SUMS").write_text(signature.sums(one) + " "), "SHA256SUMS was not signed with"),
        (lambda one: (one / "SHA256SUMS.sig").write_text("AAAA"), "SHA256SUMS was not signed with this key"),
    ],
)
def test_a_changed_report_is_not(report: Path, tmp_path: Path, edit: Callable[[Path], object], problem: str) -> None:
    private, public = keys(tmp_path, "signer")
    signature.sign(report, private)
    edit(report)
    assert any(problem in one for one in signature.problems(report, public))


def test_another_key_verifies_nothing(report: Path, tmp_path: Path) -> None:
    signature.sign(report, keys(tmp_path, "signer")[0])
    assert signature.problems(report, keys(tmp_path, "other")[1]) == [
        "SHA256SUMS was not signed with this key, or was changed"
    ]


def test_what_is_no_key_or_no_signed_report_is_refused(report: Path, tmp_path: Path) -> None:
    _, public = keys(tmp_path, "signer")
    with pytest.raises(UsageError, match="not a signed report"):
        signature.problems(report, public)
    for wrong in (public, report / "index.html", tmp_path / "absent"):
        with pytest.raises(UsageError, match="private key"):
            signature.sign(report, wrong)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_the_signature_too(report: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path, "signer")
    signature.sign(report, private)
    raw = tmp_path / "raw"
    subprocess.run(["openssl", "base64", "-d", "-in", report / "SHA256SUMS.sig", "-out", raw], check=True)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", report / "SHA256SUMS"]
    assert subprocess.run([*command, "-sigfile", raw], check=False, capture_output=True).returncode == 0
