"""Words of the access model that an environment uses too: what a principal may do, and protocols."""

from typing import Literal

Verb = Literal[
    "read-data", "write-data", "connect", "decrypt", "encrypt", "read-secret", "write-secret", "assume", "pass",
    "change-policy", "change-network", "change-detection", "change-keys", "delete", "operate", "view", "administer",
]  # fmt: skip
"""What a principal may do.

`write-data` includes deleting single objects; `delete` is the deletion of what holds data (a bucket, a database, a
backup, a key). `assume` is to act as an identity, `pass` to give one to a service. `change-policy` is to change who may
do what. `operate` is any other change, `view` reading of metadata; `administer` is everything.
"""

Protocol = Literal["tcp", "udp", "icmp", "all"]
