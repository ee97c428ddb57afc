"""A document of Sigma that sigmaproof doesn't run yet: a correlation.

What: `check` reads it, and finds what is wrong with its form (`rule-schema`). It is not converted or evaluated: there
the same code is an error, as a detection is missing from what they make.

Why: what is not run must not look as if it were. Nothing is wrong with the document, so it is a note, which fails no
build and can be silenced.

Example:

    title: Many roles created
    name: many_roles
    correlation:
        type: event_count
        rules:
            - role_created
        group-by:
            - userIdentity.arn
        timespan: 10m
        condition:
            gte: 10

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
