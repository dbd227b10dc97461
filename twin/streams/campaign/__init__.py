"""What is asked of the bench: calibrate, ramp, faults, soak; each step is a row that is kept."""
