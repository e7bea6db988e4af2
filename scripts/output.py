"""`terrace output`, also as `python -m scripts.output`; the code is in terrace.cli.output."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("output")
