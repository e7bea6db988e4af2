"""`terrace logs`, also as `python -m scripts.logs`; the code is in terrace.cli.logs."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("logs")
