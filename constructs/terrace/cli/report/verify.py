"""`terrace report verify`: the signature of a report."""

from pathlib import Path

import click

from terrace.cli.options import trust_config_option


@click.command("verify")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The Ed25519 public key of the signer (PEM).",
)
@click.option(
    "--identity",
    default="",
    metavar="ID",
    help="The identity that must have signed, such as the address of a workflow at a ref.",
)
@click.option("--issuer", default="", metavar="URL", help="The issuer of that identity's token.")
@trust_config_option
@click.pass_context
def command(
    ctx: click.Context, directory: Path, key: Path | None, identity: str, issuer: str, trust_config: Path | None
) -> None:
    """Check that a report is as it was signed, with a key or by an identity. Exit code 1 if it is not.

    \b
    terrace report verify DIR --key key.pub
    terrace report verify DIR --issuer https://token.actions.githubusercontent.com \\
      --identity https://github.com/OWNER/REPO/.github/workflows/FILE@refs/heads/main

    With both a key and an identity, both signatures must hold.
    """
    from terrace.assurance.report import signature, sigstore_bundle
    from terrace.cli.console import warn, write
    from terrace.errors import UsageError
    from terrace.words import counted

    if bool(identity) != bool(issuer):
        raise UsageError("--identity and --issuer are required together", hint=_HINT)
    if not key and not identity:
        raise UsageError("a key, or an identity and its issuer, is required", hint=_HINT)
    if trust_config and not identity:
        raise UsageError("--trust-config is for a signature by an identity", hint=_HINT)
    found: list[str] = []
    if key:
        found += signature.problems(directory, key)
    if identity:
        found += sigstore_bundle.problems(directory, identity=identity, issuer=issuer, trust_config=trust_config)
    for problem in dict.fromkeys(found):
        warn(problem)
    if found:
        ctx.exit(1)
    files = (directory / signature.SUMS).read_text(encoding="utf-8").splitlines()
    write(f"{counted(len(files), 'file')} as signed" + (f" by {identity}" if identity else ""))


_HINT = "pass --key FILE, or --identity ID --issuer URL"
