"""`terrace demo`, also as `python -m scripts.demo`; the code is in terrace.cli.demo."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("demo")
