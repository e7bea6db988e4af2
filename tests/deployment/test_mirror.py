"""Where providers come from. The registry is never asked: a test must not depend on the network."""

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
    monkeypatch.setattr(mirror, "_registry_answers", lambda host, proxy: False)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_registry_answers", lambda host, proxy: True)


def test_the_registry_is_taken_when_it_answers(tmp_path: Path, online: None) -> None:
    source = choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, roots=[a_mirror(tmp_path / "m")])
    assert source.kind == "registry"
    assert source.variables(tmp_path) == {}


def test_a_mirror_is_found_when_the_registry_is_out_of_reach(tmp_path: Path, offline: None) -> None:
    empty, wrong, right = tmp_path / "empty", a_mirror(tmp_path / "wrong", "other/thing"), a_mirror(tmp_path / "right")
    source = choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, roots=[empty, wrong, right])
    assert str(source) == f"providers from the mirror {right} (registry.terraform.io is out of reach)"


def test_terraform_is_given_the_mirror_and_nothing_beside_it(tmp_path: Path, online: None) -> None:
    """With a `direct` block in it, `terraform init` fails without a network."""
    folder = a_mirror(tmp_path / "m")
    source = choose(requested=folder, environ={"HOME": str(tmp_path)})
    written = json.loads(Path(source.variables(tmp_path / "work")["TF_CLI_CONFIG_FILE"]).read_text())
    assert written == {"provider_installation": [{"filesystem_mirror": [{"path": str(folder)}]}]}


def test_the_variable_names_a_mirror(tmp_path: Path, online: None) -> None:
    folder = a_mirror(tmp_path / "m")
    source = choose(environ={"HOME": str(tmp_path), "TERRACE_PROVIDER_MIRROR": str(folder)})
    assert (source.kind, source.path) == ("mirror", folder)


@pytest.mark.parametrize(
    ("providers", "message"),
    [
        ((), "holds no folder registry.terraform.io/"),
        (("hashicorp/google",), "does not hold hashicorp/aws"),
    ],
)
def test_a_folder_that_is_no_mirror(tmp_path: Path, providers: tuple[str, ...], message: str) -> None:
    folder = a_mirror(tmp_path / "m", *providers) if providers else tmp_path
    with pytest.raises(UsageError, match=message):
        choose(requested=folder, providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)})


def test_a_link_that_terraform_does_not_follow_is_no_mirror(tmp_path: Path, online: None) -> None:
    """Terraform follows a link to a platform's folder, and none above it: `init` would find nothing."""
    folder = tmp_path / "linked"
    (folder / "registry.terraform.io/hashicorp").mkdir(parents=True)
    (folder / "registry.terraform.io/hashicorp/aws").symlink_to(
        a_mirror(tmp_path / "m") / "registry.terraform.io/hashicorp/aws"
    )
    with pytest.raises(UsageError, match="hashicorp/aws is a symbolic link"):
        choose(requested=folder, providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)})


def test_no_source_at_all_says_how_to_make_one(tmp_path: Path, offline: None) -> None:
    with pytest.raises(NoProviders) as caught:
        choose(providers=["hashicorp/aws"], environ={"HOME": str(tmp_path)}, roots=[])
    assert (
        str(caught.value) == "registry.terraform.io is out of reach, and no mirror on this machine holds hashicorp/aws"
    )
    assert "terraform providers mirror DIR" in caught.value.hint


def test_the_users_own_configuration_is_respected(tmp_path: Path, offline: None) -> None:
    configuration = tmp_path / "terraform.rc"
    configuration.write_text("provider_installation { direct {} }\n")
    environ = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(configuration)}
    source = choose(environ=environ, roots=[a_mirror(tmp_path / "m")])
    assert source.variables(tmp_path) == {"TF_CLI_CONFIG_FILE": str(configuration)}


def test_a_configuration_file_that_does_not_exist_is_passed_over(tmp_path: Path, offline: None) -> None:
    folder = a_mirror(tmp_path / "m")
    environ = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(tmp_path / "none")}
    assert choose(environ=environ, roots=[folder]).path == folder


def test_terraforms_implied_folders_are_looked_at(tmp_path: Path) -> None:
    folders = mirror.implied_folders({"HOME": str(tmp_path), "XDG_DATA_DIRS": "/one:/two"})
    expected = [".terraform.d/plugins", ".local/share/terraform/plugins"]
    assert {tmp_path / entry for entry in expected} <= set(folders)
    assert {Path("/one/terraform/plugins"), Path("/two/terraform/plugins")} <= set(folders)
