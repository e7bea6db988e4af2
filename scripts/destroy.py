"""`terrace destroy`, also as `python -m scripts.destroy`; the code is in terrace.cli.destroy."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("destroy")
