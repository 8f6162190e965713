"""Sequential models, written apart from the product and importing nothing of it."""
