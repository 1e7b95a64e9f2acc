"""`python -m orchestration.cli`: the same as the console script `headway`."""

from orchestration.cli import main

if __name__ == "__main__":
    main()
