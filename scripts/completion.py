"""`terrace completion`, also as `python -m scripts.completion`; the code is in terrace.cli.completion."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("completion")
