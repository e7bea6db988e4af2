"""`terrace connect`, also as `python -m scripts.connect`; the code is in terrace.cli.connect."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("connect")
