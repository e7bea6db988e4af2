"""`terrace lock`, also as `python -m scripts.lock`; the code is in terrace.cli.lock."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("lock")
