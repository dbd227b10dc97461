"""Money: what the centre costs, what the communes pay, what is left to the metropolis."""
