"""From signed data to a sealed file: paper.py sets it, keys.py has the key, seal.py seals."""
