"""Benchmarks. Each prints a ratio against a baseline of the same run; no test asserts a time."""
