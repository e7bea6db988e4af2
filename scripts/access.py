"""`terrace access`, also as `python -m scripts.access`; the code is in terrace.cli.access."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("access")
