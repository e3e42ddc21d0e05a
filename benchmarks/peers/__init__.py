"""What muster is compared with: other ways to do the job, or a part of it."""
