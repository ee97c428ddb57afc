"""A filter keeps only the records on which its condition is true.

What: the condition is added to the rule with `and`. Without a `not` the rule is narrowed down to the selection.

Why: most filters are written to suppress; this one suppresses everything else. Write `not selection`.

Example:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: Our own automation
    logsource:
        product: aws
    filter:
        rules: any
        selection:
            userIdentity.arn|endswith: :role/automation
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: Our own automation
    logsource:
        product: aws
    filter:
        rules: any
        selection:
            userIdentity.arn|endswith: :role/automation
        condition: not selection
"""
