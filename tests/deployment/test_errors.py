"""The errors of providers and backends when a cloud refuses access, and the Terrace errors for them.

The texts are those of Terraform 1.11.4 and the providers aws 5.100.0, azurerm 5.2.0 and google 7.45.0, run without
credentials, or against a server on loopback that responded as in the cloud's reference.
"""

import re

import pytest

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment.errors import NoCredentials, NoStateHome, RegionLeft, TerraformFailed, raise_for
from terrace.deployment.events import Diagnostic

CLIENT, SUBSCRIPTION = "00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000001"
STS = (
    "Retrieving AWS account details: validating provider credentials: retrieving caller identity from STS: operation "
    "error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 1, api error "
)
AUTHORIZER = "unable to build authorizer for Resource Manager API: could not configure AzureCli Authorizer: "
NO_TENANT = (
    "tenant ID was not specified and the default tenant ID could not be determined: obtaining tenant ID: obtaining "
    "account details: running Azure CLI: exit status 1: ERROR: "
)
GROUP = f'Resource Group (Subscription: "{SUBSCRIPTION}"\nResource Group Name: "x")'

REFUSED = [
    (
        "aws",
        "missing",
        "No valid credential sources found\nPlease see https://registry.terraform.io/providers/hashicorp/aws\nfor more "
        "information about providing credentials.\n\nError: failed to refresh cached credentials, no EC2 IMDS role "
        "found, operation error ec2imds: GetMetadata, access disabled to EC2 IMDS via client option, or "
        '"AWS_EC2_METADATA_DISABLED" environment variable\n',
    ),
    ("aws", "missing", "failed to get shared config profile, nope"),
    (
        "aws",
        "expired",
        "No valid credential sources found\nPlease see https://registry.terraform.io/providers/hashicorp/aws\nfor more "
        "information about providing credentials.\n\nError: failed to refresh cached credentials, failed to read "
        "cached SSO token file, open /home/x/.aws/sso/cache/a0f1.json: no such file or directory\n",
    ),
    ("aws", "expired", f"{STS}ExpiredToken: The security token included in the request is expired"),
    ("aws", "refused", f"{STS}InvalidClientTokenId: The security token included in the request is invalid."),
    ("aws", "elsewhere", "AWS account ID not allowed: 999988887777"),
    (
        "azure",
        "missing",
        f"{AUTHORIZER}could not parse Azure CLI version: launching Azure CLI: "
        'exec: "az": executable file not found in $PATH',
    ),
    (
        "azure",  # the backend of remote state
        "missing",
        "unable to build authorizer for Storage API: could not configure AzureCli Authorizer: could not parse Azure "
        'CLI version: launching Azure CLI: exec: "az": executable file not found in $PATH',
    ),
    ("azure", "missing", f"{AUTHORIZER}{NO_TENANT}Please run 'az login' to setup account."),
    (
        "azure",
        "expired",
        f"{AUTHORIZER}obtaining subscription ID: obtaining account details: running Azure CLI: exit status 1: ERROR: "
        "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01T00:00:00Z "
        "and was inactive for 90.00:00:00.\nTo re-authenticate, please run: az login",
    ),
    (
        "azure",
        "expired",
        f"checking for presence of existing {GROUP}: unexpected status 401 (401 Unauthorized) with error: "
        "ExpiredAuthenticationToken: The access token expiry UTC time '1/1/2026 0:00:00 AM' is earlier than current "
        "UTC time '1/2/2026 0:00:00 AM'.",
    ),
    (
        "azure",
        "elsewhere",
        f"{AUTHORIZER}{NO_TENANT}Subscription '{SUBSCRIPTION}' not found. Check the spelling and casing and try again.",
    ),
    (
        "azure",
        "elsewhere",
        f"checking for presence of existing {GROUP}: unexpected status 401 (401 Unauthorized) with error: "
        "InvalidAuthenticationTokenTenant: The access token is from the wrong issuer 'https://sts.windows.net/a/'. It "
        "must match the tenant 'https://sts.windows.net/b/' associated with this subscription.",
    ),
    (
        "azure",
        "elsewhere",
        f"creating {GROUP}: unexpected status 404 (404 Not Found) with error: SubscriptionNotFound: The subscription "
        f"'{SUBSCRIPTION}' could not be found.",
    ),
    (
        "azure",
        "refused",
        "building account: could not acquire access token to parse claims: clientCredentialsToken: received HTTP "
        'status 401 with response: {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client '
        'secret provided."}',
    ),
    (
        "gcp",
        "missing",
        "Attempted to load application default credentials since neither `credentials` nor `access_token` was set in "
        "the provider block.  No credentials loaded. To use your gcloud credentials, run 'gcloud auth "
        "application-default login'.  Original error: google: could not find default credentials. See "
        "https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
    ),
    (
        "gcp",  # the backend of remote state
        "missing",
        "storage.NewClient() failed: dialing: google: could not find default credentials. See "
        "https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
    ),
    (
        "gcp",
        "expired",
        'Error creating Topic: Put "https://pubsub.googleapis.com/v1/projects/acme-data/topics/x?alt=json": oauth2: '
        'cannot fetch token: 400 Bad Request\nResponse: {"error": "invalid_grant", "error_description": "Token has '
        'been expired or revoked."}',
    ),
    (
        "gcp",
        "refused",
        "Error creating Topic: googleapi: Error 401: Request had invalid authentication credentials. Expected OAuth 2 "
        "access token, login cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project., authError",
    ),
    (
        "gcp",
        "elsewhere",
        "Error creating Topic: googleapi: Error 403: Caller does not have required permission to use project "
        "acme-data. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the "
        "serviceusage.services.use permission, by visiting "
        "https://console.developers.google.com/iam-admin/iam/project?project=acme-data and then retry., "
        "USER_PROJECT_DENIED",
    ),
]
SENTENCES = {
    "missing": "no credentials for the cloud in this shell",
    "refused": "the cloud rejects the credentials in this shell",
    "expired": "the credentials in this shell have expired",
    "elsewhere": "the credentials in this shell are not for the environment's account",
}

DENIED = [
    (
        "aws",
        "creating IAM Role (x): operation error IAM: CreateRole, https response error StatusCode: 403, RequestID: 1, "
        "api error AccessDenied: User: arn:aws:iam::999988887777:user/x is not authorized to perform: iam:CreateRole "
        "on resource: arn:aws:iam::999988887777:role/x because no identity-based policy allows the iam:CreateRole "
        "action",
        "policies/deploy/aws",
    ),
    (
        "azure",
        f"checking for presence of existing {GROUP}: unexpected status 403 (403 Forbidden) with error: "
        f"AuthorizationFailed: The client '{CLIENT}' with object id '{CLIENT}' does not have authorization to perform "
        "action 'Microsoft.Resources/subscriptions/resourcegroups/read' over scope '/subscriptions/x' or the scope is "
        "invalid. If access was recently granted, please refresh your credentials.",
        "policies/deploy/azure",
    ),
    (
        "gcp",
        "Error creating Topic: googleapi: Error 403: Permission 'pubsub.topics.create' denied on resource (or it may "
        "not exist)., forbidden",
        "policies/deploy/gcp",
    ),
]


def raised(cloud: str, text: str, address: str = "") -> NoCredentials | NoStateHome | TerraformFailed:
    summary, _, detail = text.partition("\n")
    refusals = facts(cloud).refusals
    with pytest.raises((NoCredentials, NoStateHome, TerraformFailed)) as caught:
        raise_for([Diagnostic("error", summary, detail, address=address)], action="apply the plan", refusals=refusals)
    assert isinstance(caught.value, NoCredentials | NoStateHome | TerraformFailed)
    return caught.value


@pytest.mark.parametrize(("cloud", "reason", "text"), REFUSED)
def test_a_refusal_names_the_reason_and_the_fix(cloud: str, reason: str, text: str) -> None:
    error = raised(cloud, text)
    assert isinstance(error, NoCredentials)
    assert error.message.startswith(f"{SENTENCES[reason]} (")
    assert "`terrace doctor`" in error.hint
    assert re.search(r"aws|ARM_|az |azure\.|gcloud|GOOGLE|gcp\.|AWS_", error.hint)


@pytest.mark.parametrize(("cloud", "text", "file"), DENIED)
def test_a_missing_permission_is_named_with_the_file_of_all_permissions(cloud: str, text: str, file: str) -> None:
    error = raised(cloud, text, address="some_resource.x")
    assert isinstance(error, TerraformFailed)
    assert "some_resource.x: " in error.message and text.splitlines()[0][:40] in error.message
    assert file in error.hint


def test_every_cloud_has_a_refusal_for_each_reason() -> None:
    for cloud in CLOUDS:
        reasons = {refusal.reason for refusal in facts(cloud).refusals}
        assert reasons == {*SENTENCES, "denied", "no state home"}


@pytest.mark.parametrize(
    ("cloud", "text"),
    [
        ("aws", 'Failed to get existing workspaces: S3 bucket "acme-state" does not exist.'),
        ("aws", "operation error S3: ListObjectsV2, https response error StatusCode: 404, api error NoSuchBucket: x"),
        ("azure", "retrieving Storage Account: unexpected status 404: ResourceGroupNotFound: Resource group 'x'"),
        ("azure", "dial tcp: lookup acmestate.blob.core.windows.net: no such host"),
        ("azure", "executing request: unexpected status 404 (404 The specified container): ContainerNotFound"),
        ("gcp", "querying Cloud Storage failed: storage: bucket doesn't exist"),
    ],
)
def test_a_missing_state_home_hints_at_bootstrap(cloud: str, text: str) -> None:
    error = raised(cloud, text)
    assert isinstance(error, NoStateHome)
    assert error.message.startswith("the home of the state does not exist (")
    assert error.hint == "make it with `terrace bootstrap ENV`"
    assert isinstance(raised(cloud, text, address="some_resource.x"), TerraformFailed)  # another bucket


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_unrelated_failure_is_not_a_credentials_error(cloud: str) -> None:
    error = raised(cloud, "creating a thing: api error InvalidParameterValue: the name is too long")
    assert isinstance(error, TerraformFailed) and not error.hint


def test_a_region_that_is_no_longer_named_is_one_sentence_with_a_way_out() -> None:
    """Terraform reports each resource of a provider alias that the stack lacks."""
    found = [
        Diagnostic(
            "error",
            "Provider configuration not present",
            f"To work with aws_s3_bucket.{name} its original provider configuration at "
            'provider["registry.terraform.io/hashicorp/aws"].recovery is required, but it has been removed.',
        )
        for name in ("a", "b")
    ]
    with pytest.raises(RegionLeft, match="no longer names the region of 2 resources") as raised:
        raise_for(found, action="plan")
    assert raised.value.exit_code == 1 and "recovery_region" in raised.value.hint
