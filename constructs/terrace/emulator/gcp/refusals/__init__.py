"""What Google does not accept although provider and plan do.

`general.py` and `schema.py` judge every call, the other files one thing each: a pure function a rule, which names the
source of the fact. `terrace validate` refuses some of it earlier; here it is refused as Google would.
"""
