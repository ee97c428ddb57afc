"""The commands of the command line, each a few lines around one verb. Which there are is in `cli`."""
