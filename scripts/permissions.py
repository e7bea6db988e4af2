"""`terrace permissions`, also as `python -m scripts.permissions`; the code is in terrace.cli.permissions."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("permissions")
