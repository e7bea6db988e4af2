"""What Azure does not accept although provider and plan do. One pure function a rule, which names the source."""
