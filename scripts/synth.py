"""`terrace synth`, also as `python -m scripts.synth`; the code is in terrace.cli.synth."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("synth")
