"""The command line: it parses, calls the API, prints."""
