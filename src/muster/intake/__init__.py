"""The intake: decodes a batch, checks its customers, decides, saves, and builds the response."""
