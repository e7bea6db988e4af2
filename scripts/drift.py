"""`terrace drift`, also as `python -m scripts.drift`; the code is in terrace.cli.drift."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("drift")
