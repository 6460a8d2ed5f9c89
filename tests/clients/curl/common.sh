# Functions of the curl clients: they send requests and check responses.
# shellcheck shell=bash
set -euo pipefail

: "${ORIGIN:?the base URL of an origin}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

readonly UUID='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
readonly HEX32='[0-9a-f]{32}'
readonly UNKNOWN=00000000-0000-4000-8000-000000000000
export UUID HEX32 UNKNOWN
auth=()  # the arguments that carry a token; a client sets them

# --- requests ------------------------------------------------------------------------------------

# send PATH [CURL ARGUMENT]...: sets $work/head, $work/body, $status and $reason from the response.
send() {
  local path=$1
  shift
  request "$ORIGIN$path" "$@"
}

# request URL [CURL ARGUMENT]...: the same for a full URL.
request() {
  local url=$1
  shift
  : >"$work/body"
  sent=$(curl --silent --show-error --globoff --http1.1 --max-time 30 \
    --dump-header "$work/heads" --output "$work/body" \
    --write-out '%{size_upload}' "$@" "$url") || fail "curl ended with $? for $url"
  last_head <"$work/heads" >"$work/head"
  read -r _ status reason <"$work/head"
  export sent status reason
}

# Prints the last head on standard input: the earlier ones are interim responses.
last_head() {
  local line head=
  while IFS= read -r line; do
    if [[ $line == HTTP/* ]]; then head=; fi
    head+=${line%$'\r'}$'\n'
  done
  printf '%s' "$head"
}

post() {
  send "$@" -X POST
}

# header NAME: prints the value of a header of the last response; the case of NAME counts.
header() {
  local line
  while IFS= read -r line; do
    if [[ $line == "$1: "* ]]; then printf '%s\n' "${line#*: }"; fi
  done <"$work/head"
}

# Prints the length of the last body.
body_bytes() {
  stat -c %s "$work/body"
}

# Logs in, and prints the token.
login() {
  send /account/login -H "X-Agile-Username: ${1:-jane}" -H "X-Agile-Password: ${2:-secret}"
  responded 200 0
  header X-Agile-Token
}

# rpc METHOD PARAMETERS: prints the result of a JSON-RPC call verbatim.
rpc() {
  post /jsonrpc -H 'Content-Type: application/json' -d "{\"id\": 1, \"method\": \"$1\", \"params\": $2}"
  sed -E 's/^\{"id": 1, "result": (.*), "error": null\}$/\1/' "$work/body"
}

# member NAME: prints the value of a member that the JSON on standard input has once.
member() {
  sed -n -E "s/.*\"$1\": \"?([^\",}]*).*/\1/p"
}

# create NAME [CURL ARGUMENT]...: creates an upload to /in and prints its identifier.
create() {
  local name=$1
  shift
  post /multipart/create "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $name" "$@"
  responded 200 0
  header X-Agile-Multipart
}

# piece ID NUMBER [CURL ARGUMENT]...
piece() {
  local id=$1 number=$2
  shift 2
  post /multipart/piece "${auth[@]}" -H "X-Agile-Multipart: $id" -H "X-Agile-Part: $number" "$@"
}

complete() {
  post /multipart/complete "${auth[@]}" -H "X-Agile-Multipart: $1"
}

# put NAME TEXT [CURL ARGUMENT]...: stores a small file in /in.
put() {
  local name=$1 text=$2
  shift 2
  post /post/raw "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $name" \
    --data-binary "$text" "$@"
  responded 200 0
}

# sha256 FILE
sha256() {
  local sum
  sum=$(sha256sum "$1")
  printf '%s' "${sum%% *}"
}

# --- assertions -----------------------------------------------------------------------------------

# fail CLAIM [LINE]...: prints the claim, the call stack and the last response, and ends the test.
fail() {
  local depth
  {
    echo "failed: $1"
    if (( $# > 1 )); then printf '%s\n' "${@:2}"; fi
    for (( depth = 1; depth + 2 < ${#FUNCNAME[@]}; depth++ )); do
      echo "  in ${FUNCNAME[depth]} (${BASH_SOURCE[depth]##*/}:${BASH_LINENO[depth - 1]})"
    done
    echo "  the last response:"
    sed 's/^/    /' "$work/head"
    head -c 500 "$work/body" | tr -c '[:print:]\n' '.' | sed 's/^/    /'
    echo
  } >&2
  exit 1
}

# is WHAT EXPECTED FOUND
is() {
  [[ $2 == "$3" ]] || fail "$1" "  expected: $2" "     found: $3"
}

# is_like WHAT EXTENDED-REGULAR-EXPRESSION FOUND: the expression matches the whole text.
is_like() {
  [[ $3 =~ ^($2)$ ]] || fail "$1" "  expected: $2" "     found: $3"
}

# same WHAT FILE FILE
same() {
  cmp -s "$2" "$3" || fail "$1: $2 and $3 differ"
}

# responded HTTP CODE: checks the response of an endpoint and its common headers (§1.6-§1.8).
responded() {
  plain_response "$1"
  is "X-Agile-Status" "$2" "$(header X-Agile-Status)"
  is "Content-Type" 'text/json;charset=utf-8' "$(header Content-Type)"
  is "Content-Length" "$(body_bytes)" "$(header Content-Length)"
  if (( $1 >= 400 )); then is_like "Connection" '[Cc]lose' "$(header Connection)"; fi
}

# plain_response HTTP: checks the status and the headers that every response has.
plain_response() {
  is "the status" "$1" "$status"
  is "Server" Apache "$(header Server)"
  is "Access-Control-Allow-Origin" '*' "$(header Access-Control-Allow-Origin)"
  is "Access-Control-Allow-Headers" 'X-Agile-Authorization, X-Content-Type' \
    "$(header Access-Control-Allow-Headers)"
  is "Access-Control-Allow-Methods" OPTIONS "$(header Access-Control-Allow-Methods)"
  is_like "Date" '[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' "$(header Date)"
}

# holds PATH FILE: the stored file has the bytes of the local one.
holds() {
  send "$1"
  plain_response 200
  same "$1" "$2" "$work/body"
}

# within SECONDS COMMAND...: repeats the command until it succeeds or the time is over.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    (( SECONDS <= deadline )) || fail "timeout: $*"
    sleep 0.05
  done
}

# --- running -------------------------------------------------------------------------------------

# Runs each function whose name begins with `test_` in its own subshell, and prints those that fail.
run_tests() {
  local test outcome failures=0 count=0
  for test in $(compgen -A function test_); do
    set +e
    (set -e; "$test")
    outcome=$?
    set -e
    count=$((count + 1))
    if (( outcome != 0 )); then
      failures=$((failures + 1))
      echo "FAILED $test"
    fi
  done
  echo "$count tests, $failures failed"
  (( failures == 0 && count > 0 ))
}
