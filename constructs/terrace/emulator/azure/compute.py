"""Microsoft.Compute: disk encryption sets; what people and clusters make beside a deployment, as it is sent."""

from terrace.emulator.azure.kind import Kind
from terrace.emulator.azure.refusals import keys, uses

KINDS = {
    "Microsoft.Compute/diskEncryptionSets": Kind(
        operation=202,
        required=(".location", "activeKey.keyUrl"),
        rules=(keys.disk_encryption,),
        delete_rules=(uses.in_use("OperationNotAllowed", "Microsoft.ContainerService/managedClusters"),),
    ),
    "Microsoft.Compute/disks": Kind(operation=202, required=(".location",)),
    "Microsoft.Compute/snapshots": Kind(operation=202, required=(".location",)),
    "Microsoft.Compute/virtualMachines": Kind(operation=201, required=(".location",)),
}
