"""The use case: a batch is decoded, checked, judged, saved and reported."""
