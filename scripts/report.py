"""`terrace report`, also as `python -m scripts.report`; the code is in terrace.cli.report."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("report")
