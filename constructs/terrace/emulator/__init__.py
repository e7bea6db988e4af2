"""A laptop's cloud: an emulated control plane behind the cloud's own host names.

    emulator = start("aws", Path(".terrace/emulator/aws"), account="111122223333")
    subprocess.run(["terraform", "apply"], env=emulator.child_environment(os.environ))
    emulator.inventory(); emulator.unsupported(); emulator.stop()

One server process holds everything in memory: stopped is forgotten. An emulated apply proves that a configuration
satisfies the provider and hangs together, not that the cloud accepts it; `not_emulated` says what else is not proven.
"""

from terrace.emulator.contract import NotEmulated, Resource, UnsupportedCall, clouds, not_emulated
from terrace.emulator.lifecycle import DEFAULT_ACCOUNT, Emulator, EmulatorError, start, status

__all__ = [
    "DEFAULT_ACCOUNT",
    "Emulator",
    "EmulatorError",
    "NotEmulated",
    "Resource",
    "UnsupportedCall",
    "clouds",
    "not_emulated",
    "start",
    "status",
]
