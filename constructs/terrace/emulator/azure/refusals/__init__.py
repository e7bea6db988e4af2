"""Requests that Azure refuses although provider and plan accept them. Each rule is a pure function with its source."""
