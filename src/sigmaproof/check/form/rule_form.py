"""A rule lacks what every rule has, or a key holds what it can't hold.

What: `title`, `logsource`, `detection` and in it a `condition` are needed; `id` is a UUID, `status` and `level` are one
of the specification's words. The message names the key.

Why: such a rule has no meaning that all tools agree on. `rule-schema` has the rest of the specification's form.

Example:

    detection:
        selection:
            eventName: CreateRole

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
