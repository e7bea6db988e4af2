"""Evaluates what each module's identity may do on a cloud, and compares it with what the module declares."""
