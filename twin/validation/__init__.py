"""External truth: formulas and cases with known answers."""
