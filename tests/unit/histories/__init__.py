"""The checker of histories, on histories written by hand."""
