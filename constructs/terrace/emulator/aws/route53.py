"""Route 53: private zones."""

from typing import Any

from moto.core.responses import ActionResult
from moto.route53.responses import Route53

from terrace.emulator.aws.patch import Function, parameters_of, wrap


def private_zones() -> None:
    """Stock moto creates a public zone when only its VPC marks it as private, and returns the VPC under a name that no
    SDK reads: the zone's VPC drifts."""

    @wrap(Route53, "create_hosted_zone")
    def create_hosted_zone(original: Function, self: Any) -> Any:
        result = original(self)
        vpc = parameters_of(self).get("VPC") or {}
        zone = result.result["HostedZone"]
        if vpc.get("VPCId") and not zone.private_zone:
            zone.private_zone = True
            zone.vpcs = [{"vpc_id": vpc["VPCId"], "vpc_region": vpc.get("VPCRegion")}]
            result.result["DelegationSet"] = None
        return result

    @wrap(Route53, "get_hosted_zone")
    def get_hosted_zone(original: Function, self: Any) -> Any:
        zone = self.backend.get_hosted_zone(parameters_of(self)["Id"])
        if not zone.private_zone:
            return original(self)
        vpcs = [{"VPCId": vpc["vpc_id"], "VPCRegion": vpc.get("vpc_region")} for vpc in zone.vpcs]
        return ActionResult({"HostedZone": zone, "VPCs": vpcs})


PATCHES = (private_zones,)
