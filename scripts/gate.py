"""`terrace gate`, also as `python -m scripts.gate`; the code is in terrace.cli.gate."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("gate")
