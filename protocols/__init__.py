"""Ready-made protocols, one file each. They use the language, statistics and numpy, and nothing else of the stack."""
