"""Random openings and grants for the stacks of each cloud, none of which an environment declares.

An opening has a random kind of resource, range, protocol and ports; a grant a random kind, principal, right and width.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from terrace.capabilities.cloud import CloudName
from tests.assurance.mutants import Edit, add, body, to

Case = tuple[str, Edit]
"""The construct path that a difference has to name, and the edit."""

PATH = "network/random"
_OCTET = st.integers(0, 255)
_PUBLIC = st.builds(
    lambda first, second, bits: _network(first, second, bits),
    st.sampled_from([1, 8, 20, 51, 91, 133, 185, 213]),
    _OCTET,
    st.integers(0, 32),
)
_PRIVATE = st.sampled_from(["172.31.0.0/16", "10.200.0.0/16", "10.0.0.0/8", "192.168.0.0/12"])
RANGES = st.one_of(st.just("0.0.0.0/0"), _PUBLIC, _PRIVATE)
PORTS = st.tuples(st.integers(1, 65535), st.integers(0, 2000)).map(lambda one: (one[0], min(one[0] + one[1], 65535)))


def _network(first: int, second: int, bits: int) -> str:
    from ipaddress import ip_network

    return str(ip_network(f"{first}.{second}.7.9/{bits}", strict=False))


def _aws_opening(draw: st.DrawFn) -> Case:
    group = to("aws_security_group", f"network/openings/{draw(_GROUP)}-group", "id")
    (first, last), cidr, protocol = draw(PORTS), draw(RANGES), draw(st.sampled_from(["tcp", "udp", "-1"]))
    ports = {} if protocol == "-1" else {"from_port": first, "to_port": last}
    kind = draw(st.sampled_from(["new", "old", "inline"]))
    if kind == "new":
        rule = {
            "security_group_id": group,
            "ip_protocol": protocol,
            "cidr_ipv4": cidr,
            "description": "random",
            **ports,
        }
        return PATH, add("aws_vpc_security_group_ingress_rule", PATH, rule)
    if kind == "old":
        rule = {"type": "ingress", "security_group_id": group, "protocol": protocol, "cidr_blocks": [cidr]}
        return PATH, add("aws_security_group_rule", PATH, {**rule, "from_port": first, "to_port": last})
    party = draw(_GROUP)
    inline = {"protocol": protocol, "cidr_blocks": [cidr], "from_port": first, "to_port": last}
    at = ("aws_security_group", f"network/openings/{party}-group")
    return at[1], lambda stack: body(stack, *at).setdefault("ingress", []).append(inline)


def _azure_opening(draw: st.DrawFn) -> Case:
    party, (first, last), cidr = draw(_GROUP), draw(PORTS), draw(RANGES)
    source = draw(st.sampled_from(["one", "many", "tag"]))
    sources: dict[str, object] = {
        "one": {"source_address_prefix": cidr},
        "many": {"source_address_prefixes": [cidr]},
        "tag": {"source_address_prefix": draw(st.sampled_from(["*", "Internet"]))},
    }[source]  # type: ignore[assignment]
    ports: dict[str, object] = (
        {"destination_port_range": f"{first}-{last}"}
        if draw(st.booleans())
        else {"destination_port_ranges": [f"{first}-{last}"]}
    )
    rule = {
        "name": "random", "description": "random", "priority": 150, "direction": "Inbound", "access": "Allow",
        "protocol": draw(st.sampled_from(["Tcp", "Udp", "*"])), "source_port_range": "*",
        "destination_address_prefix": "*",
        "resource_group_name": to("azurerm_resource_group", "group", "name"),
        "network_security_group_name": to("azurerm_network_security_group", f"network/openings/{party}-group", "name"),
        **sources, **ports,
    }  # fmt: skip
    return PATH, add("azurerm_network_security_rule", PATH, rule)


def _gcp_opening(draw: st.DrawFn) -> Case:
    (first, last), cidr, protocol = draw(PORTS), draw(RANGES), draw(st.sampled_from(["tcp", "udp", "all"]))
    allow = {"protocol": protocol} | ({} if protocol == "all" else {"ports": [f"{first}-{last}"]})
    direction = draw(st.sampled_from([{}, {"direction": "INGRESS"}]))
    rule = {
        "name": "random", "network": to("google_compute_network", "network/vpc", "id"), "allow": [allow],
        "source_ranges": [cidr], "priority": draw(st.integers(1, 900)), **direction,
    }  # fmt: skip
    return PATH, add("google_compute_firewall", PATH, rule)


_GROUP = st.sampled_from(["database", "cache", "nodes", "control", "endpoints"])
_MODULE = st.sampled_from(["spark", "superset", "airflow"])


def _aws_grant(draw: st.DrawFn) -> Case:
    role = to("aws_iam_role", f"workloads/module-{draw(_MODULE)}", "name")
    service = draw(
        st.sampled_from(["s3", "kms", "iam", "ec2", "secretsmanager", "rds", "sts", "guardduty", "cloudtrail"])
    )
    action = f"{service}:{draw(st.sampled_from(['*', 'Delete*', 'Put*', 'Update*', 'Create*']))}"
    if service == "sts":
        action = "sts:AssumeRole"
    resource = draw(st.sampled_from(["*", "arn:aws:*:*:*:*"]))
    condition = draw(st.sampled_from([{}, {"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}]))
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **condition}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return PATH, add("aws_iam_role_policy", PATH, {"name": "random", "role": role, "policy": _json(policy)})


def _azure_grant(draw: st.DrawFn) -> Case:
    identity = to("azurerm_user_assigned_identity", f"workloads/module-{draw(_MODULE)}", "principal_id")
    foreign = "99999999-9999-4999-8999-999999999999"
    role = draw(
        st.sampled_from(
            ["Owner", "Contributor", "Key Vault Administrator", "Storage Blob Data Owner", "Reader", "Made Up"]
        )
    )
    scope = draw(
        st.sampled_from([to("azurerm_resource_group", "group", "id"), to("azurerm_key_vault", "keys/vault", "id")])
    )
    principal = draw(st.sampled_from([identity, foreign]))
    return PATH, add(
        "azurerm_role_assignment", PATH, {"scope": scope, "role_definition_name": role, "principal_id": principal}
    )


def _gcp_grant(draw: st.DrawFn) -> Case:
    own = f"serviceAccount:dpf-prod-module-{draw(_MODULE)}@acme-data-prod.iam.gserviceaccount.com"
    member = draw(st.sampled_from([own, "allUsers", "allAuthenticatedUsers", "user:someone@elsewhere.example"]))
    role = draw(
        st.sampled_from(
            ["roles/owner", "roles/editor", "roles/storage.admin", "roles/secretmanager.admin", "roles/made.up",
             "roles/iam.securityAdmin", "roles/cloudkms.admin"]
        )
    )  # fmt: skip
    binding = {"project": "acme-data-prod", "role": role}
    if draw(st.booleans()):
        return PATH, add("google_project_iam_member", PATH, {**binding, "member": member})
    return PATH, add("google_project_iam_binding", PATH, {**binding, "members": [member]})


def _json(policy: object) -> str:
    import json

    return json.dumps(policy)


_DRAWN: dict[CloudName, tuple[Callable[[st.DrawFn], Case], ...]] = {
    "aws": (_aws_opening, _aws_grant),
    "azure": (_azure_opening, _azure_grant),
    "gcp": (_gcp_opening, _gcp_grant),
}


@st.composite
def cases(draw: st.DrawFn, cloud: CloudName) -> Case:
    """A random opening or grant on a cloud's prod stack."""
    return draw(st.sampled_from(_DRAWN[cloud]))(draw)
