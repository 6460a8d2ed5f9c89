#!/usr/bin/env bash
# The limits of open uploads (§4.1) and of the disk quota (§1.12).
# needs: curl
# origin: --dir /in --set open_uploads=2 --set disk_quota=1000
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
head -c 1001 /dev/zero >"$work/1001"

test_uploads_above_the_limit_of_open_uploads_are_rejected() {
  local id other
  id=$(create one.txt)
  other=$(create two.txt)
  post /multipart/create "${auth[@]}"
  responded 400 -1
  rpc abortMultipart "[\"$token\", \"$other\"]" >/dev/null
  other=$(create three.txt)
  is "aborted" 0 "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
  is "aborted" 0 "$(rpc abortMultipart "[\"$token\", \"$other\"]")"
}

test_a_full_disk_is_503() {
  local id
  id=$(create full.bin)
  piece "$id" 1 --data-binary "@$work/1001"
  responded 503 -22
  post /post/raw "${auth[@]}" --data-binary "@$work/1001"
  responded 503 -22
  post /post/file "${auth[@]}" -F "uploadFile=@$work/1001"
  responded 503 -22
  piece "$id" 1 -d text
  responded 200 0
  is "aborted" 0 "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
}

run_tests
