"""The HTTP edge: who is calling, is it a batch, and what the answer looks like on the wire."""
