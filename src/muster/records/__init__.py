"""What was taken in: asking for it afterwards, by those who may know."""
