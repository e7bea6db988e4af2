"""Wrong configurations that validate and plan accept, by what they are about."""

from tests.emulator.azure.mistakes import access, cluster, data, network, observation

MISTAKES = (*network.MISTAKES, *access.MISTAKES, *data.MISTAKES, *cluster.MISTAKES, *observation.MISTAKES)
