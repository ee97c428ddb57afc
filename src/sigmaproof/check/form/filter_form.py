"""A Sigma filter lacks what every filter has, or `--filter` names a rule.

What: a filter has `title`, `logsource` and `filter`, and in that `rules`, `condition` and at least one selection.

Why: a filter that is not applied leaves the alerts in that it was written to take away.

Example:

    title: Our own automation
    logsource:
        product: aws
    filter:
        selection:
            userIdentity.arn|endswith: :role/automation
        condition: not selection

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
