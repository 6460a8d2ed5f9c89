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
  answered 200 0
  is "the body" "$SUCCESS" "$(cat "$work/body")"
}

# refused HTTP CODE: the message is the reason phrase.
refused() {
  answered "$1" "$2"
  is "the body" "{\"message\": \"$reason\", \"code\": $2}" "$(cat "$work/body")"
}

test_a_directory_is_made_with_its_parents() {
  directory /a/b/c
  made
  is "the size of the answer" 33 "$(body_bytes)"
  is_like "a directory" '\{"code": 0, .*"type": 1\}' "$(rpc stat "[\"$token\", \"/a/b\"]")"
}

test_a_directory_that_is_there_is_no_error() {
  directory /in
  made
  directory /
  made
  directory in/
  made
}

test_a_get_makes_one_too() {
  send /post/directory "${auth[@]}" -H 'X-Agile-Directory: /by/get'
  made
}

test_a_body_is_ignored() {
  directory /with/body -d 'name=value'
  made
}

test_without_recursion_a_parent_is_wanted() {
  local value
  for value in false NO 0; do
    directory /none/child -H "X-Agile-Recursive: $value"
    refused 400 -3
    is "the reason phrase" 'parent directory does not exist' "$reason"
    is "the size of the answer" 58 "$(body_bytes)"
  done
  directory /child -H 'X-Agile-Recursive: false'
  made
  directory /yes/child -H 'X-Agile-Recursive: Yes'
  made
  directory /x -H 'X-Agile-Recursive: maybe'
  refused 400 -39
}

test_a_file_in_the_way_is_refused() {
  put file text
  directory /in/file
  refused 400 -2
  directory /in/file/below
  refused 400 -2
}

test_paths_that_are_none_are_refused() {
  local long
  post /post/directory "${auth[@]}"
  refused 400 -8
  post /post/directory "${auth[@]}" -H 'X-Agile-Directory;'
  refused 400 -8
  printf -v long '/%04097d' 0
  directory "$long"
  refused 400 -8
}

test_credentials_are_refused_with_a_body_too() {
  post /post/directory -H 'X-Agile-Directory: /x'
  refused 401 -10001
  post /post/directory -H 'X-Agile-Directory: /x' -H "X-Agile-Authorization: $UNKNOWN"
  refused 403 -10001
}

run_tests
