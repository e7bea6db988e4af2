"""Checks of the load balancer and its firewall (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, at_least, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.spec import present
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent

_TLS = (
    "ELBSecurityPolicy-TLS13-1-2",
    "ELBSecurityPolicy-TLS13-1-3",
    "ELBSecurityPolicy-TLS-1-2",
    "ELBSecurityPolicy-FS-1-2",
)
"""Prefixes of policies without TLS 1.0 and 1.1. Source: ELB, "Security policies for your ALB"."""
_MANAGED = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet")


@check("NET-6")
def guarded(deployment: Deployment) -> Iterator[Observation]:
    found = deployment.call("elbv2", "describe_load_balancers", Names=[deployment.prefix])["LoadBalancers"]
    if not found:
        raise Absent(f"load balancer {deployment.prefix}")
    arn, resource = found[0]["LoadBalancerArn"], f"load balancer {deployment.prefix}"
    listeners = deployment.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
    secure = [listener for listener in listeners if listener.get("Protocol") == "HTTPS"]
    yield at_least(resource, "HTTPS listeners", len(secure), 1)
    for listener in secure:
        policy = str(listener.get("SslPolicy"))
        modern = policy.startswith(_TLS) and "Ext0" not in policy
        yield Observation(f"{resource}:{listener['Port']}", f"SslPolicy = {policy}", modern, "TLS 1.2 or newer")
    for listener in listeners:
        if listener.get("Protocol") == "HTTP":
            actions = listener.get("DefaultActions", [])
            ways = [action.get("RedirectConfig", {}).get("Protocol", action.get("Type")) for action in actions]
            yield equal(f"{resource}:{listener['Port']}", "redirects to", ways, ["HTTPS"])
    yield from _firewall(deployment, arn, resource)


def _firewall(deployment: Deployment, load_balancer: str, resource: str) -> Iterator[Observation]:
    acl = deployment.call("wafv2", "get_web_acl_for_resource", ResourceArn=load_balancer).get("WebACL")
    yield Observation(resource, f"firewall {acl['Name'] if acl else 'none'}", acl is not None, deployment.prefix)
    if acl is None:
        return
    # the association may return a summary without rules
    full = deployment.call("wafv2", "get_web_acl", Name=acl["Name"], Scope="REGIONAL", Id=acl["Id"])["WebACL"]
    managed = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule
        for rule in full.get("Rules", [])
        if "ManagedRuleGroupStatement" in rule.get("Statement", {})
    }
    name = f"firewall {acl['Name']}"
    yield includes(name, "managed rules", managed, _MANAGED)
    limits = [rule["Name"] for rule in full.get("Rules", []) if "RateBasedStatement" in rule.get("Statement", {})]
    yield at_least(name, "rate limits", len(limits), 1)
    if present(deployment.environment.network.entry).firewall == "block":
        counting = [group for group, rule in managed.items() if "Count" in rule.get("OverrideAction", {})]
        yield empty(name, "rules in count mode", counting)
    logging = deployment.call("wafv2", "get_logging_configuration", ResourceArn=acl["ARN"])["LoggingConfiguration"]
    destinations = [str(destination).removesuffix(":*") for destination in logging["LogDestinationConfigs"]]
    yield includes(name, "log destinations", destinations, [names.log_group_arn(deployment.target, "waf")])
