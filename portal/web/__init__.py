"""The shell's own pages and endpoints."""
