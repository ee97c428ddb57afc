"""A document of Sigma that sigmaproof doesn't run yet: a correlation.

What: it is read, and its form is checked (`rule-schema`); it is not evaluated or converted.

Why: what is not run must not look as if it were. Check such files apart, or name the files that are rules.

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
