"""Region packs: a region is data and settings, never code."""
