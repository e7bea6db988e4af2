"""AWS without an account: what the provider needs to plan, and the values of mocked resources."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

VARIABLES = ("AWS_",)

_ARN = "arn:aws:service:eu-west-1:000000000000:thing/mocked"
# Blocks that others read an element of; a mock leaves them empty.
_BLOCKS: dict[str, dict[str, Any]] = {
    "aws_db_instance": {"master_user_secret": [{"kms_key_id": _ARN, "secret_arn": _ARN, "secret_status": "active"}]},
    "aws_eks_cluster": {"certificate_authority": [{"data": "bW9ja2Vk"}]},
    "aws_acm_certificate": {
        "domain_validation_options": [
            {
                "domain_name": "data.example.com",
                "resource_record_name": "_mocked.data.example.com.",
                "resource_record_type": "CNAME",
                "resource_record_value": "mocked.acm-validations.aws.",
            }
        ]
    },
    "aws_launch_template": {"id": "lt-0123456789abcdef0"},
}


@contextmanager
def credentials() -> Iterator[dict[str, str]]:
    """Keys of no account; with the skip flags of an offline stack (Target.offline) they are never sent."""
    yield {
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_CONFIG_FILE": os.devnull,  # a profile of the user could name other credentials
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def mocked(type: str, referred: Collection[str]) -> dict[str, Any]:
    """Values of a mocked resource for attributes that others refer to; Terraform generates the rest."""
    arns = {attribute: _ARN for attribute in referred if attribute == "arn" or attribute.endswith("_arn")}
    return arns | _BLOCKS.get(type, {})
