"""The file is not UTF-8.

What: a byte that UTF-8 doesn't have: the file was saved as Latin-1, UTF-16 or something else.

Why: every reader would guess, and find other characters. Sigma asks for UTF-8 (specification, Yaml File).

Example:

    description: Finds a caf<LATIN-1>.

Use instead:

    description: Finds a café.
"""
