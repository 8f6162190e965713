"""What operators do at the console."""
