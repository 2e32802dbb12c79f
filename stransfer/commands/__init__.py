"""The engine's commands, one a module, each imported only when it is asked for."""
