"""`python -m ednag`: the same as the command `ednag`."""

from ednag.cli import main

if __name__ == "__main__":
    main()
