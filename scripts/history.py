"""`terrace history`, also as `python -m scripts.history`; the code is in terrace.cli.history."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("history")
