#!/usr/bin/env bash
# Whole files as the body of a request (§5.1).
# needs: curl sha256sum
# origin: --dir /in/sub
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")

# raw NAME TEXT [CURL ARGUMENT]...
raw() {
  local name=$1 text=$2
  shift 2
  post /post/raw "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $name" \
    --data-binary "$text" "$@"
}

# rejected CODE HEADER...
rejected() {
  local code=$1 header headers=()
  shift
  for header in "$@"; do headers+=(-H "$header"); done
  post /post/raw "${auth[@]}" "${headers[@]}" -d text
  responded 400 "$code"
}

# is_typed NAME CONTENT-TYPE
is_typed() {
  send "/in/$1" --head
  plain_response 200
  is "the content type of $1" "$2" "$(header Content-Type)"
}

test_response_headers_have_the_documented_order() {
  local names
  printf 'text' >"$work/file"
  raw a.txt text
  responded 200 0
  is X-Agile-Checksum "$(sha256 "$work/file")" "$(header X-Agile-Checksum)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  is X-Agile-Path /acme/in/a.txt "$(header X-Agile-Path)"
  names=$(sed -n 's/^\(X-Agile-[A-Za-z]*\): .*/\1/p' "$work/head" | tr '\n' ' ')
  is "the order" 'X-Agile-Status X-Agile-Checksum X-Agile-Size X-Agile-Path ' "$names"
  holds /in/a.txt "$work/file"
}

test_a_body_may_have_a_length_or_chunks() {
  head -c 3000000 /dev/urandom >"$work/file"
  raw length.bin "@$work/file"
  responded 200 0
  holds /in/length.bin "$work/file"
  raw chunks.bin "@$work/file" -H 'Transfer-Encoding: chunked'
  responded 200 0
  holds /in/chunks.bin "$work/file"
  send /post/raw -X POST "${auth[@]}" -H 'X-Agile-Basename: put.bin' -T "$work/file"
  responded 200 0
  holds /put.bin "$work/file"
}

test_a_missing_body_is_rejected_and_an_empty_one_stored() {
  post /post/raw "${auth[@]}"
  responded 400 -24
  raw empty.txt ''
  responded 200 0
  is X-Agile-Size 0 "$(header X-Agile-Size)"
}

test_a_missing_name_is_generated() {
  post /post/raw "${auth[@]}" -d text
  responded 200 0
  is_like X-Agile-Path "/acme/post-$HEX32" "$(header X-Agile-Path)"
}

test_names_are_accepted_raw_or_percent_encoded() {
  raw /deep/last.txt text
  is X-Agile-Path /acme/in/last.txt "$(header X-Agile-Path)"
  raw gr%C3%BCn+1.txt text -H 'X-Agile-Encoding: UTF8'
  is X-Agile-Path /acme/in/gr%C3%BCn%201.txt "$(header X-Agile-Path)"
  raw grün.txt text
  is X-Agile-Path /acme/in/grün.txt "$(header X-Agile-Path)"
}

test_parents_are_created_on_request() {
  local value
  for value in true YES 1; do
    post /post/raw "${auth[@]}" -H "X-Agile-Directory: /made/$value" -H "X-Agile-Recursive: $value" -d text
    responded 200 0
  done
  for value in false no 0; do rejected -3 'X-Agile-Directory: /nowhere' "X-Agile-Recursive: $value"; done
  rejected -3 'X-Agile-Directory: /nowhere'
  rejected -39 'X-Agile-Recursive: maybe'
}

test_the_content_type_is_given_or_detected() {
  local png=$work/png
  printf '\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01' >"$png"
  raw given.txt text -H 'X-Agile-Content-Type: video/mp4'
  is_typed given.txt video/mp4
  raw alias.txt text -H 'X-Content-Type: video/mp4'
  is_typed alias.txt video/mp4
  raw by-name.txt "@$png" -H 'X-Agile-Content-Detect: name'
  is_typed by-name.txt text/plain
  raw by-content.txt "@$png" -H 'X-Agile-Content-Detect: content'
  is_typed by-content.txt image/png
  raw by-alias.txt "@$png" -H 'X-Content-Detect: content'
  is_typed by-alias.txt image/png
  raw by-word.txt "@$png" -H 'X-Agile-Content-Type: content'
  is_typed by-word.txt image/png
  raw auto.txt "@$png"
  is_typed auto.txt text/plain
  raw auto "@$png" -H 'X-Agile-Content-Type: application/octet-stream'
  is_typed auto image/png
  raw none text
  is_typed none application/octet-stream
}

test_the_given_modification_time_is_stored() {
  raw time.txt text -H 'X-Agile-MTime: 1400000000'
  send /in/time.txt --head
  is Last-Modified 'Tue, 13 May 2014 16:53:20 GMT' "$(header Last-Modified)"
}

test_every_egress_policy_is_accepted() {
  local policy
  for policy in PARTIAL COMPLETE POLICY; do
    raw policy.txt text -H "X-Agile-Expose-Egress: $policy"
    responded 200 0
  done
}

test_a_file_is_replaced() {
  raw twice.txt one
  raw twice.txt two
  responded 200 0
  printf 'two' >"$work/file"
  holds /in/twice.txt "$work/file"
}

test_the_checksum_of_a_file_is_verified() {
  raw checked.txt text -H "X-Agile-Checksum: ${UNKNOWN//-/}"
  responded 400 -26
  send /in/checked.txt
  plain_response 404
  printf 'text' >"$work/file"
  raw checked.txt text -H "X-Agile-Checksum: $(sha256 "$work/file")"
  responded 200 0
}

test_errors_have_the_codes_of_this_endpoint() {
  rejected -8 'X-Agile-Directory: /in' 'X-Agile-Basename: sub'
  rejected -8 'X-Agile-Basename: a..b'
  rejected -21 'X-Agile-Expose-Egress: NEVER'
  rejected -27 'X-Agile-MTime: yesterday'
  rejected -33 'X-Agile-Content-Type: video'
  rejected -33 'X-Content-Type: auto'
  rejected -48 'X-Agile-Content-Detect: guess'
  rejected -51 'X-Agile-Encoding: latin1'
}

test_the_alias_for_detection_is_ignored_beside_a_type() {
  raw beside.txt text -H 'X-Agile-Content-Type: video/mp4' -H 'X-Agile-Content-Detect: guess'
  responded 200 0
}

run_tests
