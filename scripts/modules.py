"""`terrace modules`, also as `python -m scripts.modules`; the code is in terrace.cli.modules."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("modules")
