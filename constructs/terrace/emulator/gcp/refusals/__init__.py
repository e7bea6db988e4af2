"""Requests that Google refuses although provider and plan accept them.

`general.py` and `schema.py` check every call; the other files check one topic each. A rule is a pure function with its
source. `terrace validate` reports some of these problems earlier; here they are refused as Google does.
"""
