"""`terrace evidence`, also as `python -m scripts.evidence`; the code is in terrace.cli.evidence."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("evidence")
