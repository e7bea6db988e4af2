"""`terrace cost`, also as `python -m scripts.cost`; the code is in terrace.cli.cost."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("cost")
