"""WAF: the resources that a web ACL protects."""

from typing import Any

from moto.wafv2.responses import WAFV2Response

from terrace.emulator.aws.patch import Call, operation, service_error

# the resource type of an ARN with this text; an omitted type means load balancers
_TYPES = {
    "APPLICATION_LOAD_BALANCER": ":loadbalancer/app/",
    "API_GATEWAY": ":/restapis/",
    "APPSYNC": ":apis/",
    "COGNITO_USER_POOL": ":userpool/",
}


def protected_resources() -> None:
    """Stock moto lacks ListResourcesForWebACL: a scanner takes a protected load balancer for unprotected."""

    @operation(WAFV2Response)
    def list_resources_for_web_acl(call: Call) -> dict[str, Any]:
        acl = call.backend.wacls.get(call.parameters["WebACLArn"])
        if acl is None:
            raise service_error("WAFNonexistentItemException", "AWS WAF couldn't find the web ACL.")
        text = _TYPES.get(call.parameters.get("ResourceType") or "APPLICATION_LOAD_BALANCER")
        return {"ResourceArns": [arn for arn in acl.associated_resources if text and text in arn]}


PATCHES = (protected_resources,)
