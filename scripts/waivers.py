"""`terrace waivers`, also as `python -m scripts.waivers`; the code is in terrace.cli.waivers."""

from terrace.cli.main import run_command

if __name__ == "__main__":
    run_command("waivers")
