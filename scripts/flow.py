"""`terrace flow`, also as `python -m scripts.flow`; the code is in terrace.cli.flow."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("flow")
