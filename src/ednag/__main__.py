"""`python -m ednag`: the same as the command `ednag`."""

from ednag.fork_server import main

if __name__ == "__main__":
    main()
