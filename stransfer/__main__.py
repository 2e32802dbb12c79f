"""`python -m stransfer` is the engine's command line."""

from stransfer.cli import cli, run_command_line

run_command_line(cli)
