VAULT = ()
