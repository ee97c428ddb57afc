"""A file can't be read.

What: the file is there and the system refuses it: no permission, a link that leads to itself, a broken disk.

Why: a rule that is skipped silently is a rule that nobody runs. The run ends with exit code 2.
"""
