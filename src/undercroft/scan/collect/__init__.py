"""The collectors: the only part of the scan that reads anything. Each turns one kind of place into parts of the graph."""
