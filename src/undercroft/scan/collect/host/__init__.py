"""The machine the scan runs on."""
