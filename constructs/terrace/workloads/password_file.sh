# Keeps the file $PGPASSFILE up to date: the function `token` prints the password of the role $PGUSER, `authorities` gets the
# server's certificate authorities. The file appears whole, and a failure leaves the last one as it is.
# The owner alone may read it, else libpq ignores it. Source: PostgreSQL documentation, "The Password File".
umask 077
trap 'exit 0' TERM INT

pause() { sleep "$1" & wait $!; }

write() {
  password=$(token) && [ -n "$password" ] || return 1
  password=$(printf %s "$password" | sed 's/[\\:]/\\&/g')
  printf '%s:%s:*:%s:%s\n' "$PGHOST" "$PGPORT" "$PGUSER" "$password" > "$PGPASSFILE.new" || return 1
  mv -f "$PGPASSFILE.new" "$PGPASSFILE"
}

until authorities; do pause 5; done
while :; do
  if write; then pause "${REFRESH:-240}"; else pause 10; fi
done
