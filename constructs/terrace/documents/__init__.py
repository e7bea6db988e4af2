"""YAML files with positions: parsing, and errors of pydantic models with file, line and a hint."""
