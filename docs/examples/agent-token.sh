#!/bin/sh
# Gets a token for a software agent with curl and openssl 3 (RFC 6749, RFC 7523), and prints the answer.
# usage: ORIGIN=https://api.example.com ISSUER=https://api.example.com CLIENT_ID=agent_… KID=<id of the credential> \
#        PRIVATE_KEY=key.pem agent-token.sh
# The key: openssl genpkey -algorithm ed25519 -out key.pem
# Its public part, the `x` of `publicKey`: openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | openssl base64 -A | tr '+/' '-_' | tr -d '='
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
header=$(printf '{"alg":"EdDSA","typ":"client-authentication+jwt","kid":"%s"}' "$KID" | base64url)
claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s","iat":%s,"exp":%s,"jti":"%s"}' \
  "$CLIENT_ID" "$CLIENT_ID" "$ISSUER" "$now" "$((now + 60))" "$(openssl rand -hex 16)" | base64url)
printf %s "$header.$claims" > "$folder/signed"
openssl pkeyutl -sign -rawin -inkey "$PRIVATE_KEY" -in "$folder/signed" -out "$folder/signature"

curl --silent --show-error "$ORIGIN/v1/auth/token" \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$header.$claims.$(base64url < "$folder/signature")"
