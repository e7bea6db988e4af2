"""`terrace env`, also as `python -m scripts.env`; the code is in terrace.cli.env."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("env")
