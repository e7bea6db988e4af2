"""What AWS truly lacks of the guarantees."""

from terrace.capabilities.exceptions import CloudException

EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="K8S-7",
        reason="EKS has no maintenance window: AWS patches the control plane when it sees fit, and nodes get a new "
        "image only when they are told to",
        compensation="standard support, node repair and nodes of the cluster's version are proven; node images move "
        "with an apply, a third of a pool at a time, which a pipeline can schedule",
        source="EKS User Guide, 'Update a managed node group' and 'Understand EKS platform versions'",
    ),
)
