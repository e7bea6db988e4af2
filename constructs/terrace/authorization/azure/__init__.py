"""Azure: what roles allow, and the conditions of their assignments."""
