"""`terrace upgrade`, also as `python -m scripts.upgrade`; the code is in terrace.cli.upgrade."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("upgrade")
