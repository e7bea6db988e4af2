"""`terrace emulator`, also as `python -m scripts.emulator`; the code is in terrace.cli.emulator."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("emulator")
