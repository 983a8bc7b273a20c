"""Where work is carried out: one device, what is remembered, and who waits for whom."""
