"""A comment that silences findings names a code that there is not, or that can't be silenced.

What: `# sigmaproof: ignore[CODE, CODE]` silences findings of its line, or, alone on a line, of the next one;
`# sigmaproof: ignore-file[CODE]` those of the file. A finding by which a rule is lost can't be silenced.

Why: a comment that does nothing looks as if it did. `sigmaproof check --explain CODE` tells which codes there are.

Example:

    detection:
        selection:
            eventNmae: CreateRole # sigmaproof: ignore[field-unkown]
        condition: selection

Use instead:

    detection:
        selection:
            eventNmae: CreateRole # sigmaproof: ignore[field-unknown]
        condition: selection
"""
