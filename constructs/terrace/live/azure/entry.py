"""Checks of the application gateway and its firewall (NET-6)."""

from collections.abc import Iterator

from terrace.assurance.evaluation import Observation, at_least, at_most, check, equal, includes
from terrace.azure import names
from terrace.capabilities.spec import present
from terrace.live.azure.checks import Deployment, at, named
from terrace.live.azure.lookup import logged

_TLS = ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
"""Policies without TLS 1.0 and 1.1. Source: Application Gateway, "TLS policy overview"."""


def gateway_id(deployment: Deployment) -> str:
    """The application gateway."""
    return names.id(deployment.target, "Microsoft.Network/applicationGateways", deployment.prefix)


@check("NET-6")
def guarded(deployment: Deployment) -> Iterator[Observation]:
    found, resource = deployment.get(gateway_id(deployment)), f"gateway {deployment.prefix}"
    policy = at(found, "sslPolicy.policyName")
    yield Observation(resource, f"sslPolicy = {policy}", policy in _TLS, "TLS 1.2 or newer")
    listeners = {str(one["name"]): one for one in at(found, "httpListeners", [])}
    secure = [one for one in listeners.values() if at(one, "protocol") == "Https"]
    yield at_least(resource, "HTTPS listeners", len(secure), 1)
    for listener in secure:
        yield equal(resource, "has a certificate", at(listener, "sslCertificate.id") is not None, True)
    onward = {
        str(one["name"]): at(listeners.get(named(at(one, "targetListener.id"))), "protocol", "elsewhere")
        for one in at(found, "redirectConfigurations", [])
    }
    for rule in at(found, "requestRoutingRules", []):
        if at(listeners.get(named(at(rule, "httpListener.id"))), "protocol") == "Http":
            way = onward.get(named(at(rule, "redirectConfiguration.id")), "served")
            yield equal(resource, "plain HTTP is redirected to", way, "Https")
    yield equal(resource, "tier", at(found, "sku.tier"), "WAF_v2")
    yield from _firewall(deployment, str(at(found, "firewallPolicy.id", "")))
    yield logged(deployment, resource, gateway_id(deployment), ["ApplicationGatewayFirewallLog"])


def _firewall(deployment: Deployment, id: str) -> Iterator[Observation]:
    spec, resource = present(deployment.environment.network.entry), f"firewall {named(id)}"
    if not id:
        yield Observation(f"gateway {deployment.prefix}", "firewallPolicy = unset", False, "the environment's policy")
        return
    found = deployment.get(id)
    mode = "Prevention" if spec.firewall == "block" else "Detection"
    yield equal(resource, "mode", at(found, "policySettings.mode"), mode)
    yield equal(resource, "state", at(found, "policySettings.state"), "Enabled")
    sets = [str(one.get("ruleSetType")) for one in at(found, "managedRules.managedRuleSets", [])]
    yield includes(resource, "managed rules", sets, ["Microsoft_DefaultRuleSet"])
    limits = [one for one in at(found, "customRules", []) if one.get("ruleType") == "RateLimitRule"]
    yield at_least(resource, "rate limits", len(limits), 1)
    for limit in limits:
        most = spec.requests_per_five_minutes
        yield at_most(resource, "rate limit in requests", limit.get("rateLimitThreshold"), most)
        if spec.firewall == "block":
            yield equal(resource, "action above the rate limit", limit.get("action"), "Block")
