"""The small foundation of tests/pipelines/project with what the demo changes outside Terraform, and a small bootstrap.

`python -m stacks [STACK...]`, as `terrace` calls it. It needs neither the CDK nor Node.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from stacks.buckets import stack
from terrace.aws import names
from terrace.capabilities import outputs
from terrace.environment import load, target


def resource(stack: str, path: str, **arguments: Any) -> dict[str, Any]:
    return {"//": {"metadata": {"path": f"{stack}/{path}", "uniqueId": path.replace("/", "_")}}, **arguments}


def foundation(name: str) -> dict[str, Any]:
    """Buckets and a budget, a network whose database may be reached, and the outputs of a whole foundation."""
    where = target(load(name, project=Path()).environment)
    content = stack(name)
    network = {"Name": where.prefix, "owner": "data-platform"}
    content["resource"] |= {
        "aws_vpc": {"vpc": resource(name, "network/vpc", cidr_block="10.0.0.0/16", tags=network)},
        "aws_security_group": {
            "database": resource(
                name, "network/database", name=f"{where.prefix}-database", vpc_id="${aws_vpc.vpc.id}", tags=network
            )
        },
        "aws_vpc_security_group_ingress_rule": {
            "database": resource(
                name,
                "network/nodes-to-database",
                security_group_id="${aws_security_group.database.id}",
                ip_protocol="tcp",
                from_port=5432,
                to_port=5432,
                cidr_ipv4="10.0.0.0/16",
            )
        },
    }
    texts = {"environment": name, "cloud": "aws", "region": where.region}
    texts |= dict.fromkeys(("registry", "domain", "dns_zone", "entry"), "none")
    mappings = ("buckets", "lake", "secrets", "identities", "platform_identities", "repositories")
    values = {"version": outputs.VERSION, **texts, **{one: {} for one in mappings}}
    values["cluster"] = {"name": "none", "endpoint": "none", "certificate_authority": "none"}
    return content | {"output": {one: {"value": value} for one, value in values.items()}}


def bootstrap(name: str) -> dict[str, Any]:
    """The role of a pipeline."""
    where = target(load(name, project=Path()).environment)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = {"name": names.role_name(where, "ci-plan"), "assume_role_policy": document}
    return {
        **{key: value for key, value in stack(name).items() if key in ("terraform", "provider")},
        "resource": {"aws_iam_role": {"plan": resource(f"{name}-bootstrap", "pipelines/plan", **role)}},
    }


for id in sys.argv[1:]:
    environment, _, layer = id.partition("-")
    content = bootstrap(environment) if layer else foundation(environment)
    path = f"../../../.terrace/state/{environment}-aws-{layer or 'foundation'}.tfstate"
    content["terraform"]["backend"] = {"local": {"path": path}}
    folder = Path(os.environ["TERRACE_OUT"]) / "stacks" / id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(content, indent=2))
