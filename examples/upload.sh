#!/bin/sh
# Uploads a file with curl, in one request: sh examples/upload.sh URL FILE
#
# The environment may set MOCK_ORIGIN_USER, MOCK_ORIGIN_PASSWORD, MOCK_ORIGIN_DIRECTORY and MOCK_ORIGIN_NAME, as
# `mock-origin check` does. The exit status is 0 only if the origin has accepted the file.
set -eu

url=$1
file=$2
user=${MOCK_ORIGIN_USER:-jane}
password=${MOCK_ORIGIN_PASSWORD:-secret}
directory=${MOCK_ORIGIN_DIRECTORY:-/videos}
name=${MOCK_ORIGIN_NAME:-${file##*/}}

# Sends a POST and prints the head of the response. Fails if there is none for 5 s, or its status is 400 or more.
post() {
  curl --silent --show-error --fail --connect-timeout 5 --speed-time 5 --speed-limit 1 --request POST \
    --output /dev/null --dump-header - "$@"
}

# header NAME HEAD: prints the value of a header.
header() {
  printf '%s\n' "$2" | tr -d '\r' | sed -n "s/^$1: //p" | tail -n 1
}

# accepted HEAD: the status alone is not the result.
accepted() {
  code=$(header X-Agile-Status "$1")
  [ "$code" = 0 ] || { echo "rejected with code ${code:-(none)}" >&2; exit 1; }
}

head=$(post "$url/account/login" --header "X-Agile-Username: $user" --header "X-Agile-Password: $password")
accepted "$head"
token=$(header X-Agile-Token "$head")
[ -n "$token" ] || { echo "the login returned no token" >&2; exit 1; }

head=$(post "$url/post/raw" --header "X-Agile-Authorization: $token" --header "X-Agile-Directory: $directory" \
  --header "X-Agile-Basename: $name" --upload-file "$file")
accepted "$head"
echo "stored $(header X-Agile-Path "$head")"
