"""`python -m sigmaproof`: the command line."""

from sigmaproof.cli import main

if __name__ == "__main__":
    main()
