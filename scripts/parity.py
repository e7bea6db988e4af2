"""`terrace parity`, also as `python -m scripts.parity`; the code is in terrace.cli.parity."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("parity")
