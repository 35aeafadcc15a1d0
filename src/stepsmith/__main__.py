"""``python -m stepsmith``: the same as the command, for launchers that want a module."""

from stepsmith.cli.main import main

if __name__ == "__main__":
    main()
