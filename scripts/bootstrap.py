"""`terrace bootstrap`, also as `python -m scripts.bootstrap`; the code is in terrace.cli.bootstrap."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("bootstrap")
