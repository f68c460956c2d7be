"""The local web page: a report in the browser, served to this machine only, read-only."""
