#!/usr/bin/env bash
# Limits, set to small values (§3.2, §4.2, §7.1.9, §7.2).
# needs: curl
# origin: --dir /in --set pieces=2 --set piece_bytes=1000 --set upload_bytes=1500
# origin: --set path_bytes=64 --set page_size=10
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
head -c 1000 /dev/zero >"$work/1000"
head -c 1001 /dev/zero >"$work/1001"
head -c 501 /dev/zero >"$work/501"

test_an_upload_has_a_maximum_number_of_pieces() {
  local id
  id=$(create many.bin)
  piece "$id" 1 -d a
  piece "$id" 2 -d b
  responded 200 0
  piece "$id" 3 -d c
  responded 400 -10
  piece "$id" 2 -d c
  responded 200 0
}

test_a_piece_has_a_maximum_size() {
  local id
  id=$(create large.bin)
  piece "$id" 1 --data-binary "@$work/1001"
  responded 400 -11
  piece "$id" 1 --data-binary "@$work/1001" -H 'Transfer-Encoding: chunked'
  responded 400 -11
  piece "$id" 1 --data-binary "@$work/1000"
  responded 200 0
}

test_an_upload_has_a_maximum_size() {
  local id
  id=$(create sum.bin)
  piece "$id" 1 --data-binary "@$work/1000"
  piece "$id" 2 --data-binary "@$work/501"
  responded 400 -25
  piece "$id" 2 --data-binary "@$work/501" -H 'Transfer-Encoding: chunked'
  responded 400 -25
  piece "$id" 1 --data-binary "@$work/501"
  responded 200 0
  piece "$id" 2 --data-binary "@$work/501"
  responded 200 0
}

test_a_path_has_a_maximum_length() {
  local name
  printf -v name '%065d' 0
  post /multipart/create "${auth[@]}" -H "X-Agile-Basename: $name"
  responded 400 -16
  is "makeDir" -8 "$(rpc makeDir "[\"$token\", \"/$name\"]")"
}

test_a_page_has_a_maximum_number_of_entries() {
  is "a page size" '{"code": -12}' "$(rpc listDir "[\"$token\", \"/\", 11]")"
  is_like "a page size" '\{"code": 0, .*' "$(rpc listDir "[\"$token\", \"/\", 10]")"
}

run_tests
