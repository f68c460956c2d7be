"""What ties scan, guard and watch together: compare with what was expected, mend what was found, prove what was mended."""
