"""`python -m benchmarks`: every figure there is."""

import sys

from benchmarks import platform

if __name__ == "__main__":
    if not {"--strict", "--help", "-h"} & set(sys.argv):
        sys.argv.append("--strict")
    platform.main()
