"""One place after the other: ranked, proposed, answered, taken back."""
