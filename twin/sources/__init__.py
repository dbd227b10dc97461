"""Where the facts come from: readers, refresh, checks; the only room that writes facts."""
