"""Invalid configurations that validate and plan accept, by topic."""

from tests.emulator.azure.invalid_requests import access, cluster, data, network, observation

INVALID_REQUESTS = (
    *network.INVALID_REQUESTS,
    *access.INVALID_REQUESTS,
    *data.INVALID_REQUESTS,
    *cluster.INVALID_REQUESTS,
    *observation.INVALID_REQUESTS,
)
