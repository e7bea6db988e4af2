"""Compute Engine: addresses, gateways of subnets, rules of security policies, project metadata."""

import ipaddress
import re

from terrace.emulator.gcp import operations
from terrace.emulator.gcp.call import Call, missing
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number, stamp
from terrace.emulator.gcp.quirks import built_in, completes, required, responds


@built_in("compute", r"projects/([^/]+)")
def _project(call: Call, named: re.Match[str]) -> Json:
    return {
        "kind": "compute#project",
        "name": named[1],
        "id": number(named[1]),
        "selfLink": call.url(f"projects/{named[1]}"),
        "commonInstanceMetadata": {"kind": "compute#metadata", "items": [], "fingerprint": "AA=="},
        "defaultServiceAccount": f"{call.cloud.number}-compute@developer.gserviceaccount.com",
    }


@responds("compute", "projects.setCommonInstanceMetadata")
def _metadata(call: Call) -> Json:
    key = call.key.rpartition("/")[0]
    project = required(call, key)
    project["commonInstanceMetadata"] = {"kind": "compute#metadata", **call.body, "fingerprint": stamp(call.body)}
    call.store.put(key, project)
    return operations.respond(call, None)


@completes("compute", "addresses")
def _address(call: Call, address: Json, key: str) -> None:
    address.setdefault("addressType", "EXTERNAL")
    address.setdefault("networkTier", "PREMIUM")
    address.setdefault("address", f"203.0.113.{int(number(key, digits=6)) % 250 + 2}")
    address["status"] = "RESERVED"


@completes("compute", "subnetworks")
def _subnetwork(call: Call, subnetwork: Json, key: str) -> None:
    subnetwork.setdefault("gatewayAddress", str(ipaddress.ip_network(subnetwork["ipCidrRange"])[1]))
    subnetwork.setdefault("purpose", "PRIVATE")
    subnetwork.setdefault("privateIpv6GoogleAccess", "DISABLE_GOOGLE_ACCESS")
    subnetwork.setdefault("stackType", "IPV4_ONLY")


@completes("compute", "routers")
def _router(call: Call, router: Json, key: str) -> None:
    """A null key is no key: the provider sends one with each update of a peer without a key."""
    if "md5AuthenticationKeys" in router:
        router["md5AuthenticationKeys"] = [each for each in router["md5AuthenticationKeys"] if each is not None]


@responds("compute", "securityPolicies.addRule", "securityPolicies.patchRule", "securityPolicies.removeRule")
def _rule(call: Call) -> Json:
    """One rule of a policy, identified by its priority. Source: Compute Engine API, securityPolicies.patchRule."""
    key = call.key.rpartition("/")[0]
    policy = required(call, key)
    priority = int(call.query.get("priority") or call.body.get("priority") or 0)
    others = [rule for rule in policy.get("rules", []) if rule.get("priority") != priority]
    if call.method.verb != "addRule" and len(others) == len(policy.get("rules", [])):
        raise missing(f"{key}/{priority}")
    if call.method.verb != "removeRule":
        before: Json = next((rule for rule in policy.get("rules", []) if rule.get("priority") == priority), {})
        others.append({**before, **call.body})
    changed = {**policy, "rules": others}
    call.store.put(key, {**changed, "fingerprint": stamp(changed)})
    return operations.respond(call, None)


@responds("compute", "networks.getEffectiveFirewalls")
def _effective(call: Call) -> Json:
    """The rules and policies in force in a network. Source: Compute Engine API, networks.getEffectiveFirewalls."""
    key = call.key.rpartition("/")[0]
    name = str(required(call, key)["name"])
    above = key.partition("/networks/")[0]
    rules = [rule for _, rule in call.store.below(f"{above}/firewalls") if _is_of(rule.get("network"), name)]
    policies = [
        policy
        for _, policy in call.store.below(f"{above}/firewallPolicies")
        if any(_is_of(one.get("attachmentTarget"), name) for one in policy.get("associations", []))
    ]
    return {"firewalls": rules, "firewallPolicys": policies}


def _is_of(link: object, network: str) -> bool:
    return str(link).rpartition("/")[2] == network
