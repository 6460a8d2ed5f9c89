#!/usr/bin/env bash
# The options that change the protocol (§10).
# needs: curl openssl
# origin: --dir /in/sub --dir /list/dir --key-pair AKEY:a-secret-key
# origin: --set result_shape=object --set x_content_type_auto=accept --set empty_form_file=reject
# origin: --set unknown_content_type=reject --set listpath_items=nested --set listpath_last_cookie=empty
# origin: --set legacy_headers=on --set signature_reuse=accept --set join=polls:2 --set egress_delay=1
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=signing.sh
source "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
: >"$work/empty"

test_abort_returns_an_object() {
  local id
  id=$(create aborted.txt)
  is "the result" '{"code": 0}' "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
  is "again" '{"code": -17}' "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
}

test_the_legacy_header_auto_is_accepted() {
  put auto.mp4 text -H 'X-Content-Type: auto'
  within 10 is_there /in/auto.mp4
  is Content-Type video/mp4 "$(header Content-Type)"
}

is_there() {
  send "$1"
  [[ $status == 200 ]]
}

test_an_empty_form_file_is_rejected() {
  post /post/file "${auth[@]}" -F "uploadFile=@$work/empty"
  responded 400 -23
}

test_an_unlisted_content_type_is_rejected() {
  post /multipart/create "${auth[@]}" -H 'X-Agile-Content-Type: video/new'
  responded 400 -21
  post /post/raw "${auth[@]}" -H 'X-Agile-Content-Type: video/new' -d text
  responded 400 -33
}

test_list_path_nests_items_and_ends_with_an_empty_page() {
  local page cookie dir file
  post /post/raw "${auth[@]}" -H 'X-Agile-Directory: /list' -H 'X-Agile-Basename: a.txt' -d text
  page=$(rpc listPath "[\"$token\", \"/list\", 10, \"\", true]")
  dir='\{"name": "dir", "stat": \{"ctime": [0-9]+, "mtime": [0-9]+, "uid": [0-9]+, "gid": [0-9]+, "hash": null, "ctype": 1\}\}'
  file='\{"name": "a.txt", "stat": \{"ctime": [0-9]+, "mtime": [0-9]+, "size": 4, "uid": [0-9]+, "gid": [0-9]+, "checksum": "[0-9a-f]{64}", "mimetype": "text/plain", "hash": .*, "ctype": [0-9]+\}\}'
  is_like "the page" "\{\"code\": 0, \"cookie\": \"[^\"]+\", \"dirs\": \[$dir\], \"files\": \[$file\]\}" "$page"
  cookie=$(member cookie <<<"$page")
  page=$(rpc listPath "[\"$token\", \"/list\", 10, \"$cookie\", true]")
  is "the last page" '{"code": 0, "cookie": null, "dirs": [], "files": []}' "$page"
}

test_responses_have_the_legacy_headers() {
  post /multipart/create -H "X-LLNW-Authorization: $token"
  responded 200 0
  is X-Llnw-Status 0 "$(header X-Llnw-Status)"
  post /multipart/create
  responded 401 -10001
  is X-Llnw-Status -10001 "$(header X-Llnw-Status)"
}

test_a_signature_can_be_reused() {
  local twice
  twice=$(signature AKEY a-secret-key /post/directory "$LATER" directory=/twice)
  post /post/directory -H "X-Agile-Signature: $twice" -H 'X-Agile-Directory: /twice'
  responded 200 0
  post /post/directory -H "X-Agile-Signature: $twice" -H 'X-Agile-Directory: /twice'
  responded 200 0
}

test_the_file_appears_after_the_join_and_the_egress_delay() {
  local id states='' round
  id=$(create joined.txt)
  piece "$id" 1 -d text
  complete "$id"
  responded 200 0
  for round in 1 2 3; do states+="$(state_of "$id") "; done
  is "the states of $round polls" '5 5 6 ' "$states"
  within 10 is_there /in/joined.txt
}

state_of() {
  rpc getMultipartStatus "[\"$token\", \"$1\"]" | member state
}

run_tests
