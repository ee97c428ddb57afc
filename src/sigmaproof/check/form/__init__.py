"""Is it a Sigma rule, written so that every reader of YAML reads the same? What loading finds has its pages here."""
