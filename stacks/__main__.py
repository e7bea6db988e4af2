"""`python -m stacks [STACK...]`: write stacks to cdktf.out. The command and cdktf.json run it."""

import sys

from terrace.stacks.synthesis import main

if __name__ == "__main__":
    sys.exit(main("stacks"))
