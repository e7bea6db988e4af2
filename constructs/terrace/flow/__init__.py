"""A data product that flows through real engines on this machine, wired as the platform wires it in the cluster."""
