"""`terrace validate`, also as `python -m scripts.validate`; the code is in terrace.cli.validate."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("validate")
