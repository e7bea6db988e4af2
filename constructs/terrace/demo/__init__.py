"""The demo, its rehearsal without a cloud, and the drift that the demo injects."""
