"""`terrace plan`, also as `python -m scripts.plan`; the code is in terrace.cli.plan."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("plan")
