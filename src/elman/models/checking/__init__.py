"""What files hold, before anything is trained on them: read as training would, counted, and told."""
