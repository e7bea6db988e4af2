CLUSTER = ()
POOL = ()
HELD_POOL = ()


def admin_credentials(a):
    return a
