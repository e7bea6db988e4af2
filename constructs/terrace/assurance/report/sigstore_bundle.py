"""Reports signed by an identity: a Sigstore bundle of the list of sums. No private key is stored.

The CI job's OIDC token proves who it is; the instance's certificate authority (Fulcio) writes that identity into a
certificate of ten minutes, and its transparency log (Rekor) records the signature. The bundle has all of it, so that a
verification needs the instance's trusted root only. Source: docs.sigstore.dev, "Sigstore Bundle Format".
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from terrace import distribution
from terrace.assurance.report.signature import BUNDLE, SUMS, differences, read_signed, write_sums
from terrace.errors import TerraceError, UsageError

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

_PERMISSION = (
    "on GitHub give the job `permissions: id-token: write`; on GitLab give it `id_tokens: SIGSTORE_ID_TOKEN: "
    "{aud: sigstore}`; elsewhere sign with a key: --sign KEY"
)


class NoIdentity(UsageError):
    """The environment offers no OIDC token, or refuses it."""


@dataclass(frozen=True)
class Signed:
    """The files that were written, and who signed: the token's subject and its issuer."""

    paths: list[Path]
    subject: str
    issuer: str


def sign(directory: Path, trust_config: Path | None = None) -> Signed:
    """Write the list of sums and a Sigstore bundle of it, signed with the identity of the CI job.

    `trust_config` names the instance (ClientTrustConfig, JSON); without it the public instance is used, whose log
    everyone can read. Raises NoIdentity, UsageError, and TerraceError if the instance does not sign.
    """
    token = _token()
    config = _trust_config(trust_config)
    from sigstore.sign import SigningContext

    written = write_sums(directory)
    try:
        with SigningContext.from_trust_config(config).signer(token) as signer:
            bundle = signer.sign_artifact(written)
    except Exception as error:  # the clients of Fulcio and Rekor have no common base class
        raise TerraceError(
            f"the report is written but not signed: {_reason(error)}",
            where=str(trust_config or "the public Sigstore instance"),
            hint="run the command again, or sign with a key: --sign KEY",
        ) from error
    (directory / BUNDLE).write_text(bundle.to_json() + "\n", encoding="utf-8")
    return Signed([directory / SUMS, directory / BUNDLE], token.identity, token.issuer)


def problems(directory: Path, *, identity: str, issuer: str, trust_config: Path | None = None) -> list[str]:
    """What differs from the report that `identity` signed; empty if every file is as it was signed.

    `identity` is the subject of the certificate, such as the address of a workflow at a ref, `issuer` the address of
    the token's issuer. Both must be equal to those expected: an identity of another issuer is another one. With
    `trust_config` nothing is read from the network. Raises UsageError.
    """
    _require_library()
    from sigstore.errors import Error
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    written = read_signed(directory, BUNDLE)
    config = _trust_config(trust_config)
    try:
        bundle = Bundle.from_json((directory / BUNDLE).read_bytes())
    except (Error, ValueError, TypeError) as error:
        return [f"{BUNDLE} is not a Sigstore bundle: {_reason(error)}"]
    try:
        verifier = Verifier(trusted_root=config.trusted_root)
    except Error as error:
        raise UsageError(f"invalid trust configuration: {_reason(error)}", where=str(trust_config or "")) from error
    try:
        verifier.verify_artifact(written, bundle, Identity(identity=identity, issuer=issuer))
    except Exception as error:  # a crafted certificate can raise any; none of them is a pass
        return [f"{SUMS} was not signed by {identity} of {issuer}, or was changed: {_reason(error)}"]
    return differences(directory, written)


def _token() -> "IdentityToken":
    """The token of the CI job. Raises NoIdentity."""
    _require_library()
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential

    try:
        raw = detect_credential()
        if raw:
            return IdentityToken(raw)
    except IdentityError as error:
        raise NoIdentity(f"no identity to sign with: {_reason(error)}", hint=_PERMISSION) from error
    raise NoIdentity("no identity to sign with: this is not a CI job that offers one", hint=_PERMISSION)


def _trust_config(path: Path | None) -> "ClientTrustConfig":
    """The instance to sign with, and what it is verified against. Raises UsageError, TerraceError."""
    _require_library()
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    if path is None:
        try:
            return ClientTrustConfig.production()
        except Error as error:
            raise TerraceError(
                f"the trusted root of the public Sigstore instance is not available: {_reason(error)}",
                hint="without a network, name a file with it: --trust-config FILE",
            ) from error
    try:
        config = ClientTrustConfig.from_json(path.read_text(encoding="utf-8"))
        _ = config.trusted_root  # the library reads it here; the signing part may be of the past in a verification
    except (Error, OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"not a Sigstore trust configuration: {_reason(error)}",
            where=str(path),
            hint="expected JSON of the type application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        ) from error
    return config


def _require_library() -> None:
    """Raise UsageError if the `sigstore` extra is not installed."""
    try:
        import sigstore  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            f"a signature by an identity needs {error.name}, which is not installed",
            hint=distribution.install("sigstore"),
        ) from error


def _reason(error: Exception) -> str:
    """The reason on one line; some of the library's errors have text in their cause only."""
    text = str(error) or str(error.__cause__ or "") or type(error).__name__
    return " ".join(text.split())[:300]
