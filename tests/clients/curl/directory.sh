#!/usr/bin/env bash
# Directories (§6).
# needs: curl
# origin: --dir /in
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
readonly SUCCESS='{"message": "success", "code": 0}'

# directory PATH [CURL ARGUMENT]...
directory() {
  local path=$1
  shift
  post /post/directory "${auth[@]}" -H "X-Agile-Directory: $path" "$@"
}

# made BODY
made() {
  responded 200 0
  is "the body" "$SUCCESS" "$(cat "$work/body")"
}

# rejected HTTP CODE: the message is the reason phrase.
rejected() {
  responded "$1" "$2"
  is "the body" "{\"message\": \"$reason\", \"code\": $2}" "$(cat "$work/body")"
}

test_a_directory_is_created_with_its_parents() {
  directory /a/b/c
  made
  is "the size of the response" 33 "$(body_bytes)"
  is_like "a directory" '\{"code": 0, .*"type": 1\}' "$(rpc stat "[\"$token\", \"/a/b\"]")"
}

test_creating_an_existing_directory_succeeds() {
  directory /in
  made
  directory /
  made
  directory in/
  made
}

test_get_creates_a_directory() {
  send /post/directory "${auth[@]}" -H 'X-Agile-Directory: /by/get'
  made
}

test_a_body_is_ignored() {
  directory /with/body -d 'name=value'
  made
}

test_without_recursion_a_missing_parent_is_rejected() {
  local value
  for value in false NO 0; do
    directory /none/child -H "X-Agile-Recursive: $value"
    rejected 400 -3
    is "the reason phrase" 'parent directory does not exist' "$reason"
    is "the size of the response" 58 "$(body_bytes)"
  done
  directory /child -H 'X-Agile-Recursive: false'
  made
  directory /yes/child -H 'X-Agile-Recursive: Yes'
  made
  directory /x -H 'X-Agile-Recursive: maybe'
  rejected 400 -39
}

test_a_path_through_a_file_is_rejected() {
  put file text
  directory /in/file
  rejected 400 -2
  directory /in/file/below
  rejected 400 -2
}

test_invalid_paths_are_rejected() {
  local long
  post /post/directory "${auth[@]}"
  rejected 400 -8
  post /post/directory "${auth[@]}" -H 'X-Agile-Directory;'
  rejected 400 -8
  printf -v long '/%04097d' 0
  directory "$long"
  rejected 400 -8
}

test_invalid_credentials_are_rejected_with_a_body() {
  post /post/directory -H 'X-Agile-Directory: /x'
  rejected 401 -10001
  post /post/directory -H 'X-Agile-Directory: /x' -H "X-Agile-Authorization: $UNKNOWN"
  rejected 403 -10001
}

run_tests
