"""`python -m webapp` is the command line, for processes that start each other."""

from webapp.cli import main

main()
