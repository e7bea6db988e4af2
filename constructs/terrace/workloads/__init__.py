"""The workloads: the objects and Helm releases that run in an environment's cluster, derived from its modules."""
