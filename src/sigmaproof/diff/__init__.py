"""`sigmaproof diff`: are two sides, rules or hand-written queries, the same detection?

`sides` opens a file as a side; `eqlside`, `luceneside` and `dslside` read a query and cut it at its boolean structure
(`cut`) into leaves; `backwards` finds the raw fields that a leaf looks at, so that records can be made for it; `judge`
asks both sides about records; `attribute` and `kinds` say why they differ, `group` which differences have one cause;
`search` is the order of it; `report` prints it. Nothing is imported here, so that starting sigmaproof stays cheap.
"""
