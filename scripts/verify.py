"""`terrace verify`, also as `python -m scripts.verify`; the code is in terrace.cli.verify."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("verify")
