"""Work that takes long: threads, child programs, and what the footer says of them."""
