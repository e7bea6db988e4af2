"""The source of providers. No test contacts the registry."""

import json
from pathlib import Path

import pytest

from terrace.deployment import mirror
from terrace.deployment.mirror import NoProviders, choose
from terrace.errors import UsageError


def a_mirror(folder: Path, *providers: str) -> Path:
    for provider in providers or ("hashicorp/aws",):
        (folder / "registry.terraform.io" / provider).mkdir(parents=True)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_registry_is_reachable", lambda host, proxy: False)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_registry_is_reachable", lambda host, proxy: True)


def test_a_reachable_registry_is_used(tmp_path: Path, online: None) -> None:
    source = choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, folders=[a_mirror(tmp_path / "m")])
    assert source.kind == "registry"
    assert source.variables(tmp_path) == {}


def test_without_the_registry_a_mirror_on_this_machine_is_used(tmp_path: Path, offline: None) -> None:
    empty, wrong, right = tmp_path / "empty", a_mirror(tmp_path / "wrong", "other/thing"), a_mirror(tmp_path / "right")
    source = choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, folders=[empty, wrong, right])
    assert str(source) == f"providers from the mirror {right} (registry.terraform.io is unreachable)"


def test_the_configuration_contains_only_the_mirror(tmp_path: Path, online: None) -> None:
    """With a `direct` block as well, `terraform init` fails without a network."""
    folder = a_mirror(tmp_path / "m")
    source = choose(requested=folder, environ={"HOME": str(tmp_path)})
    written = json.loads(Path(source.variables(tmp_path / "work")["TF_CLI_CONFIG_FILE"]).read_text())
    assert written == {"provider_installation": [{"filesystem_mirror": [{"path": str(folder)}]}]}


def test_the_environment_variable_names_a_mirror(tmp_path: Path, online: None) -> None:
    folder = a_mirror(tmp_path / "m")
    source = choose(environ={"HOME": str(tmp_path), "TERRACE_PROVIDER_MIRROR": str(folder)})
    assert (source.kind, source.path) == ("mirror", folder)


@pytest.mark.parametrize(
    ("providers", "message"),
    [
        ((), "has no folder registry.terraform.io/"),
        (("hashicorp/google",), "does not contain hashicorp/aws"),
    ],
)
def test_a_folder_that_is_not_a_mirror_is_rejected(tmp_path: Path, providers: tuple[str, ...], message: str) -> None:
    folder = a_mirror(tmp_path / "m", *providers) if providers else tmp_path
    with pytest.raises(UsageError, match=message):
        choose(requested=folder, providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)})


def test_a_symbolic_link_that_terraform_does_not_follow_is_rejected(tmp_path: Path, online: None) -> None:
    """Terraform follows a link to a platform's folder, but none above it: `init` would find no provider."""
    folder = tmp_path / "linked"
    (folder / "registry.terraform.io/hashicorp").mkdir(parents=True)
    (folder / "registry.terraform.io/hashicorp/aws").symlink_to(
        a_mirror(tmp_path / "m") / "registry.terraform.io/hashicorp/aws"
    )
    with pytest.raises(UsageError, match="hashicorp/aws is a symbolic link"):
        choose(requested=folder, providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)})


def test_without_any_source_the_hint_is_to_create_a_mirror(tmp_path: Path, offline: None) -> None:
    with pytest.raises(NoProviders) as caught:
        choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, folders=[])
    assert str(caught.value) == "registry.terraform.io is unreachable, and no mirror on this machine has hashicorp/aws"
    assert "terraform providers mirror DIR" in caught.value.hint


def test_the_users_configuration_takes_precedence(tmp_path: Path, offline: None) -> None:
    configuration = tmp_path / "terraform.rc"
    configuration.write_text("provider_installation { direct {} }\n")
    environ = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(configuration)}
    source = choose(environ=environ, folders=[a_mirror(tmp_path / "m")])
    assert source.variables(tmp_path) == {"TF_CLI_CONFIG_FILE": str(configuration)}


def test_a_missing_configuration_file_is_ignored(tmp_path: Path, offline: None) -> None:
    folder = a_mirror(tmp_path / "m")
    environ = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(tmp_path / "none")}
    assert choose(environ=environ, folders=[folder]).path == folder


def test_terraforms_implied_folders_are_searched(tmp_path: Path) -> None:
    folders = mirror.implied_folders({"HOME": str(tmp_path), "XDG_DATA_DIRS": "/one:/two"})
    expected = [".terraform.d/plugins", ".local/share/terraform/plugins"]
    assert {tmp_path / entry for entry in expected} <= set(folders)
    assert {Path("/one/terraform/plugins"), Path("/two/terraform/plugins")} <= set(folders)
