"""Converted queries as files that can be committed and reviewed: their names, the manifest, what is stale.

`convert -o DIR` writes DIR/TARGET/NAME.EXT and DIR/manifest.json; `convert --check -o DIR` compares only.
"""
