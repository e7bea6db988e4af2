"""The stacks to deploy."""
