"""`terrace apply`, also as `python -m scripts.apply`; the code is in terrace.cli.apply."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("apply")
