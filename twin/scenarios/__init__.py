"""Ask the model one question: scenarios, runs, experiments."""
