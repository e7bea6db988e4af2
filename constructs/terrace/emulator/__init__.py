"""A laptop's cloud: an emulated control plane behind the cloud's own host names.

    emulator = start("aws", Path(".terrace/emulator/aws"), account={"account_id": "111122223333"})
    subprocess.run(["terraform", "apply"], env=emulator.child_environment(os.environ))
    emulator.inventory(); emulator.unsupported(); emulator.stop()

One server process holds everything in memory: stopped is forgotten. An emulated apply proves that a configuration
satisfies the provider and hangs together, not that the cloud accepts it; `not_emulated` says what else is not proven.
"""

from terrace.emulator.contract import (
    Faults,
    NotEmulated,
    Options,
    Resource,
    UnsupportedCall,
    account_of,
    clouds,
    first_look,
    not_emulated,
)
from terrace.emulator.lifecycle import Emulator, EmulatorError, start, status

__all__ = [
    "Emulator",
    "EmulatorError",
    "Faults",
    "NotEmulated",
    "Options",
    "Resource",
    "UnsupportedCall",
    "account_of",
    "clouds",
    "first_look",
    "not_emulated",
    "start",
    "status",
]
