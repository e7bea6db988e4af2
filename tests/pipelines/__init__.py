"""Pipelines: the rendered workflows, run by act against a GitHub on loopback (`forge.py`) and an emulated cloud."""
