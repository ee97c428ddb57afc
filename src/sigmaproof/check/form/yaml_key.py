"""A key is no text.

What: a list or a map where a key belongs, as in `[a]: b`.

Why: keys are names of fields and selections. Often a quote or a `-` is missing.

Example:

    detection:
        selection:
            [eventName]: CreateRole
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
