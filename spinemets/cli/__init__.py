"""The command line: one file a command, each a thin call of the rooms above it.

`app` holds the list of commands and turns every fault into one line and an exit status; `options` the options that
several commands share; `reporting` progress and results as a person or a program wants them.
A command imports the rooms inside its function, so that `spinemets --help` answers at once.
"""
