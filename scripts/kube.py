"""`terrace kube`, also as `python -m scripts.kube`; the code is in terrace.cli.kube."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("kube")
