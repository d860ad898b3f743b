"""One real host: the bodies that roles are lent, and all their input and output."""
