"""`python -m qstack.cli` is `qstack`."""

from qstack.cli import main

if __name__ == "__main__":
    main()
