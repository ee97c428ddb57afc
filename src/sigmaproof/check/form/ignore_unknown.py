"""A comment that is to silence findings silences none, by a wrong code or by how it is written.

What: `# sigmaproof: ignore[CODE, CODE]` silences findings of its line, or, alone on a line, of the next one;
`# sigmaproof: ignore-file[CODE]` those of the file. This one names a code that there is not, or that can't be silenced
as a rule is lost by it, or it is written otherwise: `Ignore[CODE]`.

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
