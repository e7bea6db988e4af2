"""`terrace state`, also as `python -m scripts.state`; the code is in terrace.cli.state."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("state")
