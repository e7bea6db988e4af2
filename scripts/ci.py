"""`terrace ci`, also as `python -m scripts.ci`; the code is in terrace.cli.ci."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("ci")
