"""Terrace: the same data platform on three clouds, from one typed file per environment."""

__version__ = "0.1.0"
