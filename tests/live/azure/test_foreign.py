"""What Terraform did not create in the groups and in the network, by kind: it blocks a destroy, with its remedy."""

from terrace.azure import names
from terrace.live import Leftover, Obstacle
from terrace.live.azure.leftovers import remaining
from terrace.live.azure.preflight import obstacles
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot


def _create(site: Site) -> dict[str, str]:
    """One of each kind; the first word of its obstacle to its id."""
    elsewhere = f"{names.subscription(site.target)}/resourceGroups/theirs"
    site.put(elsewhere, location=site.target.region)
    network = names.id(site.target, "Microsoft.Network/virtualNetworks", site.prefix)
    inside = {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": f"{network}/subnets/nodes"}}}]}
    made = {}

    def own(word: str, type: str, **properties: object) -> None:
        id = names.id(site.target, type, f"theirs-{len(made)}")
        made[word] = site.put(id, properties, location=site.target.region)

    own("virtual machine", "Microsoft.Compute/virtualMachines")
    own("disk", "Microsoft.Compute/disks", creationData={"createOption": "Empty"})
    own("snapshot", "Microsoft.Compute/snapshots", creationData={"createOption": "Empty"})
    own("load balancer", "Microsoft.Network/loadBalancers")
    own("public IP", "Microsoft.Network/publicIPAddresses")
    own("network interface", "Microsoft.Network/networkInterfaces")
    own("network security group", "Microsoft.Network/networkSecurityGroups")
    own("route table", "Microsoft.Network/routeTables")
    own("resource", "Microsoft.Network/localNetworkGateways")

    def other(word: str, type: str, name: str, **properties: object) -> None:
        id = f"{elsewhere}/providers/{type}/{name}"
        made[word] = site.put(id, properties, location=site.target.region)

    other("networkInterfaces in a subnet", "Microsoft.Network/networkInterfaces", "nic", **inside)
    endpoint = {"subnet": {"id": f"{network}/subnets/nodes"}}
    other("privateEndpoints in a subnet", "Microsoft.Network/privateEndpoints", "pe", **endpoint)
    zone = f"{elsewhere}/providers/Microsoft.Network/privateDnsZones/their.internal"
    site.put(zone, location="global")
    link = f"{zone}/virtualNetworkLinks/link"
    made["link of a private zone"] = site.put(link, {"virtualNetwork": {"id": network}}, location="global")
    return made


def life(site: Site) -> tuple[list[Obstacle], dict[str, str], list[Obstacle], list[Leftover], list[Obstacle]]:
    before = obstacles(site.deployment)
    made = _create(site)
    site.reader.forget()
    during, left = obstacles(site.deployment), list(remaining(site.deployment).remaining)
    for id in reversed(made.values()):
        site.delete(id)
    site.reader.forget()
    return before, made, during, left, obstacles(site.deployment)


def test_each_foreign_kind_blocks_with_its_remedy(snapshot: Snapshot) -> None:
    before, made, during, left, after = snapshot.run(life)
    assert [one for one in before if "not created by Terraform" in one.message] == []
    new = {one.resource.lower(): one for one in during if "not created by Terraform" in one.message}
    assert len(made) == 12
    for kind, id in made.items():
        obstacle = new[f"{kind} {id}".lower()]
        assert obstacle.kind == "blocks" and id.lower() in obstacle.remedy.lower()
    assert {one.id.lower() for one in left} >= {id.lower() for id in made.values()}
    assert [one for one in after if "not created by Terraform" in one.message] == []
