"""`python -m licensebill` is the command `licensebill`."""

from licensebill.cli import main

if __name__ == "__main__":
    main()
