# Prints a token with which the role $PGUSER logs in to the server $PGHOST:$PGPORT in $REGION for the next 15 minutes: a
# request to RDS, signed with the credentials of EKS Pod Identity. No secret is on a command line.
# Sources: IAM User Guide, "Signature Version 4 signing process"; RDS User Guide, "Connecting using IAM authentication".
hexadecimal() { od -An -v -tx1 | tr -d ' \n'; }
digest() { sha256sum | cut -c 1-64; }

# Writes the bytes of $1, hexadecimal, each combined with $2 by exclusive or.
bytes() {
  rest=$1 octal=
  while [ -n "$rest" ]; do
    byte=$((0x${rest%"${rest#??}"} ^ $2))
    octal="$octal\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
    rest=${rest#??}
  done
  printf "$octal"
}

# HMAC-SHA256 of the text $2 with the key $1 of at most 64 bytes; key and result are hexadecimal.
hmac() {
  block=$1
  while [ ${#block} -lt 128 ]; do block=${block}00; done
  inner=$({ bytes "$block" 54; printf %s "$2"; } | digest)
  { bytes "$block" 92; bytes "$inner" 0; } | digest
}

field() { printf %s "$credentials" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

credentials=$(printf 'Authorization: %s' "$(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")" |
  curl --fail --silent --show-error --retry 5 --header @- "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | tr -d '\n')
key=$(field AccessKeyId) secret=$(field SecretAccessKey)
session=$(field Token | sed 's/%/%25/g; s|/|%2F|g; s/+/%2B/g; s/=/%3D/g')
[ -n "$key" ] && [ -n "$secret" ] && [ -n "$session" ] || { echo "EKS Pod Identity gave no credentials" >&2; exit 1; }

now=$(date -u +%Y%m%dT%H%M%SZ)
day=${now%T*}
query="Action=connect&DBUser=$PGUSER&X-Amz-Algorithm=AWS4-HMAC-SHA256"
query="$query&X-Amz-Credential=$key%2F$day%2F$REGION%2Frds-db%2Faws4_request&X-Amz-Date=$now&X-Amz-Expires=900"
query="$query&X-Amz-Security-Token=$session&X-Amz-SignedHeaders=host"
request=$(printf 'GET\n/\n%s\nhost:%s\n\nhost\n%s' "$query" "$PGHOST:$PGPORT" "$(printf '' | digest)" | digest)
signing=$(printf 'AWS4%s' "$secret" | hexadecimal)
for part in "$day" "$REGION" rds-db aws4_request; do signing=$(hmac "$signing" "$part"); done
signature=$(hmac "$signing" "$(printf 'AWS4-HMAC-SHA256\n%s\n%s\n%s' "$now" "$day/$REGION/rds-db/aws4_request" "$request")")
printf '%s:%s/?%s&X-Amz-Signature=%s' "$PGHOST" "$PGPORT" "$query" "$signature"
