"""`terrace graph`, also as `python -m scripts.graph`; the code is in terrace.cli.graph."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("graph")
