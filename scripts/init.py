"""`terrace init`, also as `python -m scripts.init`; the code is in terrace.cli.init."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("init")
