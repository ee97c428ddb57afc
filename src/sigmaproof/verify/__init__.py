"""Verification: run every conversion on a real engine and compare its verdicts with the rule's.

The comparison, the witness records and the report live in modules beside this one; engines live in
`engines/`. Nothing is imported here, so that starting sigmaproof stays cheap.
"""
