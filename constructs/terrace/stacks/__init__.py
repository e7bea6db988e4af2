"""The stacks of an environment, and writing them: what the package `stacks` of a project uses."""
