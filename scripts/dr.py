"""`terrace dr`, also as `python -m scripts.dr`; the code is in terrace.cli.dr."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("dr")
