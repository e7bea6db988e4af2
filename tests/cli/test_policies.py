"""`terrace policies export` as it is typed."""

from pathlib import Path

from ruamel.yaml import YAML

from tests.cli.test_validate import ROOT, Terrace, terrace

__all__ = ["terrace"]

FOLDERS = {path.parent.name for path in (ROOT / "policies" / "kyverno").glob("*/policy.yaml")}


def test_native_policies_are_written_to_a_directory(terrace: Terrace) -> None:
    code, out, err = terrace("policies", "export", "staging", "native", "--format", "vap")
    assert code == 0
    files = {path.stem for path in Path("native").glob("*.yaml")}
    assert out == f"native: {len(files)} policies written\n"
    named = {line.partition(" has no native form: ")[0] for line in err.splitlines()}
    assert files | named == FOLDERS - {"images-signed"}
    documents = list(YAML(typ="safe").load_all(Path("native/no-host-path.yaml")))
    assert [one["kind"] for one in documents] == [
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
    ] * 3  # fmt: skip
    assert {tuple(one["spec"].get("validationActions", ["Deny"])) for one in documents} == {("Deny",)}


def test_kyverno_s_policies_are_printed(terrace: Terrace) -> None:
    code, out, err = terrace("policies", "export", "dev")
    assert (code, err) == (0, "")
    documents = list(YAML(typ="safe").load_all(out))
    assert {one["metadata"]["name"] for one in documents} == FOLDERS - {"images-signed"}
    assert {tuple(one["spec"].get("validationActions", ["Audit"])) for one in documents} == {("Audit",)}


def test_an_unknown_format_is_a_usage_error(terrace: Terrace) -> None:
    code, _, err = terrace("policies", "export", "dev", "--format", "rego")
    assert code == 2
    assert "rego" in err
