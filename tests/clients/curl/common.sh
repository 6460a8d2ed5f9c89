# What the curl clients share: a way to send, and claims about what came back.
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

# --- to send ------------------------------------------------------------------------------------

# send PATH [CURL ARGUMENT]...: what came is in $work/head, $work/body, $status and $reason.
send() {
  local path=$1
  shift
  request "$ORIGIN$path" "$@"
}

# The same with a whole URL.
request() {
  local url=$1
  shift
  : >"$work/body"
  sent=$(curl --silent --show-error --globoff --http1.1 --max-time 30 \
    --dump-header "$work/heads" --output "$work/body" \
    --write-out '%{size_upload}' "$@" "$url") || broken "curl ended with $? for $url"
  last_head <"$work/heads" >"$work/head"
  read -r _ status reason <"$work/head"
  export sent status reason
}

# Of the heads on standard input the last: others are interim answers.
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

# A header of the last answer, spelled as given; nothing if it did not come.
header() {
  local line
  while IFS= read -r line; do
    if [[ $line == "$1: "* ]]; then printf '%s\n' "${line#*: }"; fi
  done <"$work/head"
}

# The bytes of the last body.
body_bytes() {
  stat -c %s "$work/body"
}

# Logs in, and prints the token.
login() {
  send /account/login -H "X-Agile-Username: ${1:-jane}" -H "X-Agile-Password: ${2:-secret}"
  answered 200 0
  header X-Agile-Token
}

# rpc METHOD PARAMETERS: prints the result of a JSON-RPC call, as it stands in the answer.
rpc() {
  post /jsonrpc -H 'Content-Type: application/json' -d "{\"id\": 1, \"method\": \"$1\", \"params\": $2}"
  sed -E 's/^\{"id": 1, "result": (.*), "error": null\}$/\1/' "$work/body"
}

# member NAME: the value of a member, in JSON on standard input that has it once.
member() {
  sed -n -E "s/.*\"$1\": \"?([^\",}]*).*/\1/p"
}

# create NAME [CURL ARGUMENT]...: begins an upload into /in, and prints its identifier.
create() {
  local name=$1
  shift
  post /multipart/create "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $name" "$@"
  answered 200 0
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
  answered 200 0
}

# sha256 FILE
sha256() {
  local sum
  sum=$(sha256sum "$1")
  printf '%s' "${sum%% *}"
}

# --- to claim -----------------------------------------------------------------------------------

# broken CLAIM [LINE]...: says so, with the way here and the last answer, and ends the test.
broken() {
  local depth
  {
    echo "broken: $1"
    if (( $# > 1 )); then printf '%s\n' "${@:2}"; fi
    for (( depth = 1; depth + 2 < ${#FUNCNAME[@]}; depth++ )); do
      echo "  in ${FUNCNAME[depth]} (${BASH_SOURCE[depth]##*/}:${BASH_LINENO[depth - 1]})"
    done
    echo "  the last answer was:"
    sed 's/^/    /' "$work/head"
    head -c 500 "$work/body" | tr -c '[:print:]\n' '.' | sed 's/^/    /'
    echo
  } >&2
  exit 1
}

# is WHAT EXPECTED FOUND
is() {
  [[ $2 == "$3" ]] || broken "$1" "  expected: $2" "     found: $3"
}

# is_like WHAT EXTENDED-REGULAR-EXPRESSION FOUND: as a whole.
is_like() {
  [[ $3 =~ ^($2)$ ]] || broken "$1" "  expected: $2" "     found: $3"
}

# same WHAT FILE FILE
same() {
  cmp -s "$2" "$3" || broken "$1: $2 and $3 differ"
}

# answered HTTP CODE: an endpoint's answer, with all that every one of them has (§1.6-§1.8).
answered() {
  plain_answer "$1"
  is "X-Agile-Status" "$2" "$(header X-Agile-Status)"
  is "Content-Type" 'text/json;charset=utf-8' "$(header Content-Type)"
  is "Content-Length" "$(body_bytes)" "$(header Content-Length)"
  if (( $1 >= 400 )); then is_like "Connection" '[Cc]lose' "$(header Connection)"; fi
}

# plain_answer HTTP: any answer, with what all have.
plain_answer() {
  is "the status" "$1" "$status"
  is "Server" Apache "$(header Server)"
  is "Access-Control-Allow-Origin" '*' "$(header Access-Control-Allow-Origin)"
  is "Access-Control-Allow-Headers" 'X-Agile-Authorization, X-Content-Type' \
    "$(header Access-Control-Allow-Headers)"
  is "Access-Control-Allow-Methods" OPTIONS "$(header Access-Control-Allow-Methods)"
  is_like "Date" '[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' "$(header Date)"
}

# holds PATH FILE: reading a stored file gives the bytes of that one.
holds() {
  send "$1"
  plain_answer 200
  same "$1" "$2" "$work/body"
}

# within SECONDS COMMAND...: tries until it succeeds, that long.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    (( SECONDS <= deadline )) || broken "not within the time: $*"
    sleep 0.05
  done
}

# --- to run -------------------------------------------------------------------------------------

# Runs every function whose name begins with `test_`, each for itself, and says which did not hold.
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
