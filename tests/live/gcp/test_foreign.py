"""What Terraform did not create in the network, by kind: it blocks a destroy, with its remedy, and is a leftover."""

from typing import Any

from terrace.live.gcp.leftovers import remaining
from terrace.live.gcp.preflight import obstacles
from tests.live.gcp.site import Site


def _create(site: Site) -> dict[str, tuple[str, dict[str, Any]]]:
    """One of each kind; the kind's words to its id and the call that deletes it."""
    project, region, zone = site.account, site.target.region, site.target.zones[0]
    network = f"projects/{project}/global/networks/{site.prefix}"
    made: dict[str, tuple[str, dict[str, Any]]] = {}

    def create(word: str, type: str, name: str, where: dict[str, str], key: str, **body: Any) -> None:
        site.do("compute", f"{type}.insert", project=project, **where, body={"name": name, **body})
        scope = "/".join(f"{kind}s/{place}" for kind, place in where.items()) or "global"
        kind = type.removeprefix("global")
        id = f"{scope}/{kind[0].lower()}{kind[1:]}/{name}"
        made[word] = id, {"method": f"{type}.delete", "project": project, **where, key: name}

    described = {"description": '{"kubernetes.io/service-name":"airflow/web"}'}
    card = {"networkInterfaces": [{"network": network}]}
    cluster = {"labels": {"goog-k8s-cluster-name": site.prefix}}
    in_region, in_zone = {"region": region}, {"zone": zone}
    create("forwarding rule", "forwardingRules", "a123", in_region, "forwardingRule", network=network)
    create("global forwarding rule", "globalForwardingRules", "k8s2-fr-1", {}, "forwardingRule", **described)
    create("target proxy", "targetHttpProxies", "k8s2-tp-1", {}, "targetHttpProxy", **described)
    create("URL map", "urlMaps", "k8s2-um-1", {}, "urlMap", **described)
    create("backend service", "backendServices", "k8s1-be-1", {}, "backendService", **described)
    create("health check", "healthChecks", "k8s1-hc-1", {}, "healthCheck", **described)
    create("endpoint group", "networkEndpointGroups", "k8s1-neg", in_zone, "networkEndpointGroup", network=network)
    create("address", "addresses", "lb-address", in_region, "address", network=network)
    create("instance", "instances", "bastion", in_zone, "instance", **card)
    create(
        "firewall rule", "firewalls", "k8s-fw-a123", {}, "firewall", network=network, allowed=[{"IPProtocol": "tcp"}]
    )
    create("disk", "disks", "pvc-1", in_zone, "disk", **cluster)
    create("disk snapshot", "snapshots", "snapshot-1", {}, "snapshot", **cluster)
    return made


def test_each_foreign_kind_blocks_with_its_remedy(site: Site) -> None:
    before = [one for one in obstacles(site.deployment) if "not created by Terraform" in one.message]
    assert before == []
    made = _create(site)
    new = {one.resource: one for one in obstacles(site.deployment) if "not created by Terraform" in one.message}
    assert len(made) == 12
    for kind, (id, _) in made.items():
        obstacle = new[f"{kind} {id}"]
        assert obstacle.kind == "blocks" and id in obstacle.remedy
    left = {one.id for one in remaining(site.deployment).remaining}
    assert {id for id, _ in made.values() if not any(name.endswith(id) for name in left)} == set()
    for _, call in made.values():
        method = call.pop("method")
        site.do("compute", method, **call)
    assert [one for one in obstacles(site.deployment) if "not created by Terraform" in one.message] == []
