"""Microsoft.Compute: disk encryption sets."""

from terrace.emulator.azure.kind import Kind
from terrace.emulator.azure.refusals import keys, uses

KINDS = {
    "Microsoft.Compute/diskEncryptionSets": Kind(
        operation=202,
        required=(".location", "activeKey.keyUrl"),
        rules=(keys.disk_encryption,),
        delete_rules=(uses.in_use("OperationNotAllowed", "Microsoft.ContainerService/managedClusters"),),
    ),
}
