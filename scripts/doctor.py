"""`terrace doctor`, also as `python -m scripts.doctor`; the code is in terrace.cli.doctor."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("doctor")
