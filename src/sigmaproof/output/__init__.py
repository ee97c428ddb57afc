"""What commands print: data to stdout, messages to stderr. Nothing is decided here."""
