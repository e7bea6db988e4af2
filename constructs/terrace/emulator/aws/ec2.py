"""EC2: tags and descriptions, the account's defaults, the options and routes of a VPN connection."""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidVpnConnectionIdError
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.models.vpn_connections import VPNConnection
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, add_tag_specification

from terrace.emulator.aws.patch import Call, Function, operation, parameters_of, state_of, wrap

_METADATA_DEFAULTS = ("HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "InstanceMetadataTags")
_ANYWHERE = "0.0.0.0/0"


def rule_descriptions() -> None:
    """Stock moto drops the description of a rule for a group or a prefix list instead of a range: it drifts."""

    @wrap(SecurityGroupRule, "__init__")
    def init(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        # moto stores only the id of a prefix list
        prefix_list = named.get("prefix_list_id") or (arguments[7] if len(arguments) > 7 else None)
        self.prefix_list_description = (prefix_list or {}).get("Description")

    SecurityGroupRule.description = property(
        lambda self: (
            self.ip_range.get("Description")
            or (self.source_group or {}).get("Description")
            or self.prefix_list_description
        )
    )


def network_acls_of_a_vpc() -> None:
    """Stock moto does not delete the default network ACL of a deleted VPC."""

    @wrap(VPCBackend, "delete_vpc")
    def delete_vpc(original: Function, self: Any, vpc_id: str) -> Any:
        result = original(self, vpc_id)
        for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id and acl.default]:
            del self.network_acls[acl.id]
        return result


def nat_gateway_interfaces() -> None:
    """Stock moto does not delete the network interface of a deleted NAT gateway."""

    @wrap(NatGatewayBackend, "delete_nat_gateway")
    def delete_nat_gateway(original: Function, self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway


def dhcp_option_tags() -> None:
    """Stock moto drops the tags of a new set of DHCP options."""

    @wrap(EC2Response, "create_dhcp_options")
    def create_dhcp_options(original: Function, self: Any) -> Any:
        result = original(self)
        tags = add_tag_specification(parameters_of(self).get("TagSpecifications") or [])
        result.result["DhcpOptions"].add_tags(tags)
        return result


def tagged_types() -> None:
    """Stock moto lists the tags of addresses, NAT gateways and flow logs under other resource types than EC2."""
    # EC2 API reference, TagSpecification: resource types
    EC2_PREFIX_TO_RESOURCE.update({"eipalloc": "elastic-ip", "nat": "natgateway", "fl": "vpc-flow-log"})


def launch_template_tags() -> None:
    """Stock moto adds the launch template's own tags to those for instances: tag_specifications drifts."""

    @wrap(LaunchTemplateVersion, "__init__")
    def __init__(original: Function, self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        specifications = self.data.get("TagSpecifications")
        if specifications is not None:
            self.data["TagSpecifications"] = [
                entry for entry in specifications if entry.get("ResourceType") != "launch-template"
            ]


def launch_template_changes() -> None:
    """Stock moto keeps the tags that a launch template was made with, whatever is tagged later: each change drifts."""
    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, tags: None)


def ebs_default_key() -> None:
    """Stock moto cannot return or reset the default encryption key of new volumes."""

    @operation(EC2Response)
    def get_ebs_default_kms_key_id(call: Call) -> dict[str, Any]:
        return {"KmsKeyId": call.backend.default_kms_key_id or "alias/aws/ebs"}

    @operation(EC2Response)
    def modify_ebs_default_kms_key_id(call: Call) -> dict[str, Any]:
        call.backend.default_kms_key_id = call.parameters["KmsKeyId"]
        return {"KmsKeyId": call.parameters["KmsKeyId"]}

    @operation(EC2Response)
    def reset_ebs_default_kms_key_id(call: Call) -> dict[str, Any]:
        call.backend.default_kms_key_id = ""
        return {"KmsKeyId": "alias/aws/ebs"}


def snapshot_block() -> None:
    """Stock moto lacks the operations for blocking public snapshots."""

    @operation(EC2Response)
    def enable_snapshot_block_public_access(call: Call) -> dict[str, Any]:
        call.state("snapshot_block")["state"] = call.parameters["State"]
        return {"State": call.parameters["State"]}

    @operation(EC2Response)
    def get_snapshot_block_public_access_state(call: Call) -> dict[str, Any]:
        return {"State": call.state("snapshot_block").get("state", "unblocked"), "ManagedBy": "account"}

    @operation(EC2Response)
    def disable_snapshot_block_public_access(call: Call) -> dict[str, Any]:
        call.state("snapshot_block").clear()
        return {"State": "unblocked"}


def image_block() -> None:
    """Stock moto lacks the operations for blocking public images, which AWS blocks in a new account."""
    # EC2 user guide, "Understand block public access for AMIs": default settings
    default = "block-new-sharing"

    @operation(EC2Response)
    def enable_image_block_public_access(call: Call) -> dict[str, Any]:
        call.state("image_block")["state"] = call.parameters["ImageBlockPublicAccessState"]
        return {"ImageBlockPublicAccessState": call.parameters["ImageBlockPublicAccessState"]}

    @operation(EC2Response)
    def get_image_block_public_access_state(call: Call) -> dict[str, Any]:
        state = call.state("image_block").get("state", default)
        return {"ImageBlockPublicAccessState": state, "ManagedBy": "account"}

    @operation(EC2Response)
    def disable_image_block_public_access(call: Call) -> dict[str, Any]:
        call.state("image_block")["state"] = "unblocked"
        return {"ImageBlockPublicAccessState": "unblocked"}


def snapshot_owners() -> None:
    """Stock moto ignores the filter by owner: it lists the unencrypted snapshots of Amazon's images too."""

    @wrap(EC2Response, "describe_snapshots")
    def describe_snapshots(original: Function, self: Any) -> Any:
        result = original(self)
        owners = [self.current_account if one == "self" else one for one in parameters_of(self).get("OwnerIds") or []]
        if owners:
            found = result.result["Snapshots"]
            result.result["Snapshots"] = [one for one in found if one.owner_id in owners]
        return result


def metadata_defaults() -> None:
    """Stock moto lacks the operations for the account's defaults of the instance metadata service."""

    @operation(EC2Response)
    def modify_instance_metadata_defaults(call: Call) -> dict[str, Any]:
        defaults = call.state("metadata_defaults")
        for name in _METADATA_DEFAULTS:
            value = call.parameters.get(name)
            if value in ("no-preference", -1):
                defaults.pop(name, None)
            elif value is not None:
                defaults[name] = value
        return {"Return": True}

    @operation(EC2Response)
    def get_instance_metadata_defaults(call: Call) -> dict[str, Any]:
        return {"AccountLevel": dict(call.state("metadata_defaults"))}


def vpn_options() -> None:
    """Stock moto drops a VPN connection's options, tunnels and key storage, which drift, and returns keys that are in
    Secrets Manager. It lacks the filters by connection and route with which the provider reads a static route."""

    @wrap(EC2Response, "create_vpn_connection")
    def create_vpn_connection(original: Function, self: Any) -> Any:
        result = original(self)
        parameters = parameters_of(self)
        options = parameters.get("Options") or {}
        connection = result.result["VpnConnection"]
        tunnels = list(options.get("TunnelOptions") or [])
        tunnels += [{}] * (2 - len(tunnels))
        connection.options = {
            "StaticRoutesOnly": options.get("StaticRoutesOnly", False),
            "EnableAcceleration": options.get("EnableAcceleration", False),
            "LocalIpv4NetworkCidr": options.get("LocalIpv4NetworkCidr") or _ANYWHERE,
            "RemoteIpv4NetworkCidr": options.get("RemoteIpv4NetworkCidr") or _ANYWHERE,
            "TunnelInsideIpVersion": options.get("TunnelInsideIpVersion") or "ipv4",
            "OutsideIpAddressType": options.get("OutsideIpAddressType") or "PublicIpv4",
            "TunnelOptions": [_tunnel(number, tunnel) for number, tunnel in enumerate(tunnels)],
        }
        connection.routes = []
        if parameters.get("PreSharedKeyStorage") == "SecretsManager":
            owner = f"{self.region}:{self.current_account}"
            connection.pre_shared_key_arn = f"arn:{self.partition}:secretsmanager:{owner}:secret:s2svpn!{connection.id}"
        return result

    configuration: Function = VPNConnection.customer_gateway_configuration.fget

    def without_keys(self: Any) -> str:
        text: str = configuration(self)
        if not getattr(self, "pre_shared_key_arn", None):
            return text
        return re.sub(r"(?<=<pre_shared_key>)[^<]*", "REDACTED", text)

    VPNConnection.customer_gateway_configuration = property(without_keys)

    @wrap(EC2Response, "describe_vpn_connections")
    def describe_vpn_connections(original: Function, self: Any) -> Any:
        filters = self._filters_from_querystring() or {}
        identifiers = filters.get("vpn-connection-id")
        destinations = filters.get("route.destination-cidr-block")
        if not identifiers and not destinations:
            return original(self)
        connections = [
            connection
            for connection in self.ec2_backend.vpn_connections.values()
            if (not identifiers or connection.id in identifiers)
            and (not destinations or any(r["DestinationCidrBlock"] in destinations for r in connection.routes))
        ]
        return ActionResult({"VpnConnections": connections})


def vpn_changes() -> None:
    """Stock moto cannot change the customer gateway of a VPN connection."""

    @operation(EC2Response)
    def modify_vpn_connection(call: Call) -> dict[str, Any]:
        identifier, gateway = call.parameters["VpnConnectionId"], call.parameters.get("CustomerGatewayId")
        connection = call.backend.vpn_connections.get(identifier)
        if connection is None:
            raise InvalidVpnConnectionIdError(identifier)
        if gateway:
            call.backend.get_customer_gateway(gateway)  # or InvalidCustomerGatewayID.NotFound
            connection.customer_gateway_id = gateway
        return {"VpnConnection": connection}


def vpn_routes() -> None:
    """Stock moto lacks the operations for a VPN connection's static routes and for route propagation."""

    @operation(EC2Response)
    def create_vpn_connection_route(call: Call) -> None:
        route = {
            "DestinationCidrBlock": call.parameters["DestinationCidrBlock"],
            "Source": "Static",
            "State": "available",
        }
        routes = _routes(call)
        if route not in routes:
            routes.append(route)

    @operation(EC2Response)
    def delete_vpn_connection_route(call: Call) -> None:
        routes = _routes(call)
        routes[:] = [r for r in routes if r["DestinationCidrBlock"] != call.parameters["DestinationCidrBlock"]]

    @operation(EC2Response)
    def enable_vgw_route_propagation(call: Call) -> None:
        table = call.backend.get_route_table(call.parameters["RouteTableId"])
        gateways = state_of(table, "propagation")
        gateways[call.parameters["GatewayId"]] = {"GatewayId": call.parameters["GatewayId"]}
        table.propagating_vgws = list(gateways.values())

    @operation(EC2Response)
    def disable_vgw_route_propagation(call: Call) -> None:
        table = call.backend.get_route_table(call.parameters["RouteTableId"])
        gateways = state_of(table, "propagation")
        gateways.pop(call.parameters["GatewayId"], None)
        table.propagating_vgws = list(gateways.values())

    def _routes(call: Call) -> list[dict[str, Any]]:
        identifier = call.parameters["VpnConnectionId"]
        connection = call.backend.vpn_connections.get(identifier)
        if connection is None:
            raise InvalidVpnConnectionIdError(identifier)
        routes: list[dict[str, Any]] = connection.__dict__.setdefault("routes", [])
        return routes


def _tunnel(number: int, options: dict[str, Any]) -> dict[str, Any]:
    """A tunnel as DescribeVpnConnections returns it, without its key. Addresses are from a documentation range."""
    tunnel = {"OutsideIpAddress": f"203.0.113.{20 + number}", "TunnelInsideCidr": f"169.254.{10 + number}.0/30"}
    for name, value in options.items():
        if name not in ("PreSharedKey", "LogOptions") and value not in ("", [], None):
            tunnel["IkeVersions" if name == "IKEVersions" else name] = value
    return tunnel


PATCHES = (
    rule_descriptions,
    network_acls_of_a_vpc,
    nat_gateway_interfaces,
    dhcp_option_tags,
    tagged_types,
    launch_template_tags,
    launch_template_changes,
    ebs_default_key,
    snapshot_block,
    image_block,
    snapshot_owners,
    metadata_defaults,
    vpn_options,
    vpn_changes,
    vpn_routes,
)
