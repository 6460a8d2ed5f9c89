# Signs requests (§9).
# shellcheck shell=bash

readonly LATER=4102444800  # Unix time in seconds, in the far future
export LATER

# mac TEXT SECRET: prints the base64 HMAC-SHA256 of a text.
mac() {
  printf '%s' "$1" | openssl dgst -sha256 -mac HMAC -macopt "key:$2" -binary | openssl base64 -A
}

# signature ACCESS SECRET PATH EXPIRY TERM...
signature() {
  local access=$1 secret=$2 text="$3?access_key=$1&expiry=$4" term
  shift 4
  for term in "$@"; do text+="&$term"; done
  printf '%s&signature=%s' "$text" "$(mac "$text" "$secret")"
}

# signed ACCESS SECRET PATH HEADER... [-- CURL ARGUMENT...]: posts with a signature over the headers.
signed() {
  local access=$1 secret=$2 path=$3 header name terms=() headers=()
  shift 3
  while (( $# > 0 )) && [[ $1 != -- ]]; do
    header=$1
    name=$(tr '[:upper:]' '[:lower:]' <<<"${header%%: *}")
    terms+=("${name#x-agile-}=${header#*: }")
    headers+=(-H "$header")
    shift
  done
  if (( $# > 0 )); then shift; fi
  post "$path" "${headers[@]}" "$@" \
    -H "X-Agile-Signature: $(signature "$access" "$secret" "$path" "$(expiry)" "${terms[@]}")"
}

# Prints a different future time in each call: a signature is accepted once.
expiry() {
  printf '%s' $((LATER + $(date +%s%N) % 1000000000))
}
