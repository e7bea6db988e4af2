"""AWS without an account: what the provider wants in order to plan, and what its mock answers."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

PROVIDER = "hashicorp/aws"
"""The provider of its stacks, as registries and mirrors name it."""

OWN = ("AWS_",)
"""Prefixes of the shell's variables for this cloud; an offline run sees none of them."""

_ARN = "arn:aws:service:eu-west-1:000000000000:thing/mocked"
# Blocks of which others read an element; a mock leaves them empty.
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
    """Keys that no account has: with the skip flags of an offline stack (Target.offline) they are never sent."""
    yield {
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_CONFIG_FILE": os.devnull,  # the user's profiles could name another way in
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def mocked(type: str, referred: Collection[str]) -> dict[str, Any]:
    """What a mocked resource of a type answers for the attributes that others refer to; the rest is made up."""
    arns = {attribute: _ARN for attribute in referred if attribute == "arn" or attribute.endswith("_arn")}
    return arns | _BLOCKS.get(type, {})
