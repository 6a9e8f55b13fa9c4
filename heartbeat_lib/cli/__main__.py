"""`python -m heartbeat_lib.cli`: the command line where the script `heartbeat` is not on the path."""

from heartbeat_lib.cli.app import main

if __name__ == "__main__":
    main()
