"""The AWS credentials of this shell."""

from terrace.live import CredentialStatus

HINT = "for a real account, run `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def look() -> CredentialStatus:
    """Whether boto3 finds any, and where, without a call to AWS."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    try:
        session = botocore.session.get_session()
        # without the instance metadata service: a call to a missing one takes seconds
        session.get_component("credential_provider").remove("iam-role")
        credentials = session.get_credentials()
        region = session.get_config_variable("region")
    except BotoCoreError as error:
        return CredentialStatus("absent", str(error), HINT)
    if credentials is None:
        return CredentialStatus("absent", "none found", HINT)
    return CredentialStatus("ok", f"from {credentials.method}, region {region or 'not set'}")
