"""A condition that can't be read.

What: an unknown selection, a selector (`1 of filter_*`) that selects nothing, a missing parenthesis, operators in upper
case, an aggregation with `|`.

Why: a condition decides everything; where it is not clear nothing is guessed.

Example:

    detection:
        selection:
            eventName: CreateRole
        condition: selection and not filter

Use instead:

    detection:
        selection:
            eventName: CreateRole
        filter:
            userIdentity.type: AWSService
        condition: selection and not filter
"""
