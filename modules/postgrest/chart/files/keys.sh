# Keeps the file $KEYS up to date: the keys of the identity provider at $URL. PostgREST reads them when it starts, and when it gets
# the signal USR2. A failure leaves the last keys. Source: PostgREST documentation, "jwt-secret", "Configuration Reloading".
trap 'exit 0' TERM INT

pause() { sleep "$1" & wait $!; }

fetch() {
  curl --fail --silent --show-error --proto =https --max-filesize 1000000 --output "$KEYS.fetched" "$URL" || return 1
  grep -q '"keys"' "$KEYS.fetched" || { echo "no set of keys at $URL" >&2; return 1; }
  cmp -s "$KEYS.fetched" "$KEYS.known" && return 0
  # PostgREST takes a set with a key that it cannot read for the text of a shared secret, which here would be public. With a random
  # word in it, such a set admits no token.
  word=$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')
  tr -d '\n' < "$KEYS.fetched" | sed "s/{/{\"random\":\"$word\",/" > "$KEYS.new" || return 1
  mv -f "$KEYS.new" "$KEYS" && mv -f "$KEYS.fetched" "$KEYS.known" || return 1
  server=$(pidof postgrest) || return 0
  kill -USR2 $server
}

# PostgREST's image has no certificate authorities.
until cp "${CURL_CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}" "$AUTHORITIES"; do pause 5; done
while :; do
  if fetch; then pause "${REFRESH:-300}"; else pause 10; fi
done
