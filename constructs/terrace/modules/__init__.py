"""Modules: folders that describe what runs in the cluster (`modules/<name>/module.yaml`) and what it needs."""
