"""The supervision centre: rules, attention, engines and journal."""
