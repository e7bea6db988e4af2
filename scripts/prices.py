"""`terrace prices`, also as `python -m scripts.prices`; the code is in terrace.cli.prices."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("prices")
