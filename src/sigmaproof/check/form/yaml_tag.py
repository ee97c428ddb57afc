"""A tag (`!!python/name:…`, `!own`, `!!binary`) is not allowed.

What: a word with `!` before a value, which says how YAML shall read it.

Why: tags can make unsafe readers run code, and Sigma has none. Leave the tag out, or put the value in quotes.

Example:

    detection:
        selection:
            eventName: !!python/name:os.system
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
