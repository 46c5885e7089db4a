"""`python -m benchmarks [platform|engine|login] …`: every figure there is."""

import sys

from benchmarks import engine, login, platform

if __name__ == "__main__":
    if sys.argv[1:2] == ["engine"]:
        engine.main(sys.argv[2:])
        sys.exit()
    if sys.argv[1:2] == ["login"]:
        login.main(sys.argv[2:])
        sys.exit()
    if sys.argv[1:2] == ["platform"]:
        del sys.argv[1]
    if not {"--strict", "--help", "-h"} & set(sys.argv):
        sys.argv.append("--strict")
    platform.main()
