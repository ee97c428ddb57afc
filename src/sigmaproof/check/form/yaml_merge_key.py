"""A merge key (`<<: *name`) is not part of Sigma.

What: YAML 1.1 copies the keys of another map to this place; YAML 1.2 doesn't know it.

Why: readers differ in which of two equal keys wins. Write the keys out.

Example:

    detection:
        common: &common
            eventSource: iam.amazonaws.com
        selection:
            <<: *common
            eventName: CreateRole
        condition: selection

Use instead:

    detection:
        common:
            eventSource: iam.amazonaws.com
        selection:
            eventName: CreateRole
        condition: common and selection
"""
