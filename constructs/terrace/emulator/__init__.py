"""Emulated control planes of the three clouds on loopback, reached under the clouds' own host names.

    emulator = start("aws", Path(".terrace/emulator/aws"), account={"account_id": "111122223333"})
    subprocess.run(["terraform", "apply"], env=emulator.child_environment(os.environ))
    emulator.inventory(); emulator.unsupported(); emulator.stop()

One server process holds all state in memory and loses it when it stops. An emulated apply proves that a configuration
satisfies the provider and is consistent, not that the cloud accepts it; `not_emulated` lists what else is not proven.
"""

from terrace.emulator.contract import (
    Faults,
    NotEmulated,
    Options,
    Resource,
    UnsupportedCall,
    account_of,
    clouds,
    example_command,
    not_emulated,
)
from terrace.emulator.decisions import Decision
from terrace.emulator.engines import Endpoint
from terrace.emulator.lifecycle import Emulator, EmulatorError, start, status

__all__ = [
    "Decision",
    "Emulator",
    "EmulatorError",
    "Endpoint",
    "Faults",
    "NotEmulated",
    "Options",
    "Resource",
    "UnsupportedCall",
    "account_of",
    "clouds",
    "example_command",
    "not_emulated",
    "start",
    "status",
]
