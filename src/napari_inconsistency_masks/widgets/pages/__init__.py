"""What sections are made of: views of the session that keep nothing themselves."""
