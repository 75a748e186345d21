#!/bin/sh
# Signs one request with curl and openssl 3 (RFC 9421, RFC 9530) and sends it.
# usage: ORIGIN=https://api.example.com API_KEY=rf_… KEY_ID=<id of the signing key> PRIVATE_KEY=key.pem \
#        signed-request.sh METHOD /v1/… [JSON]
# The key: openssl genpkey -algorithm ed25519 -out key.pem; its public part: openssl pkey -in key.pem -pubout
set -eu
method=$1 target=$2 body=${3-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

covered='"@method" "@target-uri"'
lines="\"@method\": $method
\"@target-uri\": $ORIGIN$target"
set -- --request "$method"
if [ -n "$body" ]; then
  printf %s "$body" > "$folder/body"
  digest="sha-256=:$(openssl dgst -sha256 -binary "$folder/body" | openssl base64 -A):"
  covered="$covered \"content-digest\""
  lines="$lines
\"content-digest\": $digest"
  set -- "$@" --header "Content-Digest: $digest" --header 'Content-Type: application/json' --data-binary "@$folder/body"
fi
parameters="($covered);created=$(date +%s);nonce=\"$(openssl rand -hex 16)\";keyid=\"$KEY_ID\""
printf '%s\n"@signature-params": %s' "$lines" "$parameters" > "$folder/base"
openssl pkeyutl -sign -rawin -inkey "$PRIVATE_KEY" -in "$folder/base" -out "$folder/signature"

curl --silent --show-error "$@" \
  --header "Authorization: Bearer $API_KEY" \
  --header "Signature-Input: sig1=$parameters" \
  --header "Signature: sig1=:$(openssl base64 -A -in "$folder/signature"):" \
  "$ORIGIN$target"
