def _n(r):
    return None


disk_encryption = registry = cluster = database = cache = storage = backup = _n
