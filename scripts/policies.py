"""`terrace policies`, also as `python -m scripts.policies`; the code is in terrace.cli.policies."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("policies")
