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

# refused CODE HEADER...
refused() {
  local code=$1 header headers=()
  shift
  for header in "$@"; do headers+=(-H "$header"); done
  post /post/raw "${auth[@]}" "${headers[@]}" -d text
  answered 400 "$code"
}

# is_typed NAME CONTENT-TYPE
is_typed() {
  send "/in/$1" --head
  plain_answer 200
  is "the content type of $1" "$2" "$(header Content-Type)"
}

test_a_file_is_answered_in_the_documented_order() {
  local names
  printf 'text' >"$work/file"
  raw a.txt text
  answered 200 0
  is X-Agile-Checksum "$(sha256 "$work/file")" "$(header X-Agile-Checksum)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  is X-Agile-Path /acme/in/a.txt "$(header X-Agile-Path)"
  names=$(sed -n 's/^\(X-Agile-[A-Za-z]*\): .*/\1/p' "$work/head" | tr '\n' ' ')
  is "the order" 'X-Agile-Status X-Agile-Checksum X-Agile-Size X-Agile-Path ' "$names"
  holds /in/a.txt "$work/file"
}

test_a_body_comes_with_a_length_or_in_chunks() {
  head -c 3000000 /dev/urandom >"$work/file"
  raw length.bin "@$work/file"
  answered 200 0
  holds /in/length.bin "$work/file"
  raw chunks.bin "@$work/file" -H 'Transfer-Encoding: chunked'
  answered 200 0
  holds /in/chunks.bin "$work/file"
  send /post/raw -X POST "${auth[@]}" -H 'X-Agile-Basename: put.bin' -T "$work/file"
  answered 200 0
  holds /put.bin "$work/file"
}

test_no_body_at_all_is_refused_and_an_empty_one_is_not() {
  post /post/raw "${auth[@]}"
  answered 400 -24
  raw empty.txt ''
  answered 200 0
  is X-Agile-Size 0 "$(header X-Agile-Size)"
}

test_a_name_is_made_up_where_none_is_given() {
  post /post/raw "${auth[@]}" -d text
  answered 200 0
  is_like X-Agile-Path "/acme/post-$HEX32" "$(header X-Agile-Path)"
}

test_names_come_plain_or_quoted() {
  raw /deep/last.txt text
  is X-Agile-Path /acme/in/last.txt "$(header X-Agile-Path)"
  raw gr%C3%BCn+1.txt text -H 'X-Agile-Encoding: UTF8'
  is X-Agile-Path /acme/in/gr%C3%BCn%201.txt "$(header X-Agile-Path)"
  raw grün.txt text
  is X-Agile-Path /acme/in/grün.txt "$(header X-Agile-Path)"
}

test_parents_are_made_when_asked() {
  local value
  for value in true YES 1; do
    post /post/raw "${auth[@]}" -H "X-Agile-Directory: /made/$value" -H "X-Agile-Recursive: $value" -d text
    answered 200 0
  done
  for value in false no 0; do refused -3 'X-Agile-Directory: /nowhere' "X-Agile-Recursive: $value"; done
  refused -3 'X-Agile-Directory: /nowhere'
  refused -39 'X-Agile-Recursive: maybe'
}

test_a_type_is_given_or_found() {
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

test_a_time_is_given() {
  raw time.txt text -H 'X-Agile-MTime: 1400000000'
  send /in/time.txt --head
  is Last-Modified 'Tue, 13 May 2014 16:53:20 GMT' "$(header Last-Modified)"
}

test_a_policy_is_given() {
  local policy
  for policy in PARTIAL COMPLETE POLICY; do
    raw policy.txt text -H "X-Agile-Expose-Egress: $policy"
    answered 200 0
  done
}

test_a_file_is_replaced() {
  raw twice.txt one
  raw twice.txt two
  answered 200 0
  printf 'two' >"$work/file"
  holds /in/twice.txt "$work/file"
}

test_a_checksum_is_held_against_the_file() {
  raw checked.txt text -H "X-Agile-Checksum: ${UNKNOWN//-/}"
  answered 400 -26
  send /in/checked.txt
  plain_answer 404
  printf 'text' >"$work/file"
  raw checked.txt text -H "X-Agile-Checksum: $(sha256 "$work/file")"
  answered 200 0
}

test_refusals_have_codes_of_their_own_here() {
  refused -8 'X-Agile-Directory: /in' 'X-Agile-Basename: sub'
  refused -8 'X-Agile-Basename: a..b'
  refused -21 'X-Agile-Expose-Egress: NEVER'
  refused -27 'X-Agile-MTime: yesterday'
  refused -33 'X-Agile-Content-Type: video'
  refused -33 'X-Content-Type: auto'
  refused -48 'X-Agile-Content-Detect: guess'
  refused -51 'X-Agile-Encoding: latin1'
}

test_the_alias_for_detection_is_not_judged_beside_a_type() {
  raw beside.txt text -H 'X-Agile-Content-Type: video/mp4' -H 'X-Agile-Content-Detect: guess'
  answered 200 0
}

run_tests
