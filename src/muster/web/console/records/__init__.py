"""Pages of batches, loads and refused customers."""
