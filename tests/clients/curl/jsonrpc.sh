#!/usr/bin/env bash
# The envelope of JSON-RPC, byte by byte (§7.1). The methods are called by the Python clients.
# needs: curl iconv
# origin: --dir /in
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)

# says PATH REQUEST RESPONSE [CURL ARGUMENT]...
says() {
  local path=$1 request=$2 response=$3
  shift 3
  post "$path" --data-binary "$request" "$@"
  plain_response 200
  is Content-Type 'application/json;charset=utf-8' "$(header Content-Type)"
  is "the response" "$response" "$(cat "$work/body")"
}

# errs PATH REQUEST CODE: the response is one error object with that code.
errs() {
  post "$1" --data-binary "$2"
  plain_response 200
  is_like "the response" ".*\"error\": \{\"code\": $3, \"message\": \"[^\"]+\"\}.*" "$(cat "$work/body")"
}

test_version_1_is_answered_with_an_error_of_null() {
  local request='"id": 7, "method": "ping", "params": ["x"]' result='"result": {"code": 0, "operation": "x"}'
  says /jsonrpc "{$request}" "{\"id\": 7, $result, \"error\": null}"
  says /jsonrpc "{\"jsonrpc\": \"1.0\", $request}" "{\"id\": 7, $result, \"error\": null}"
  says //jsonrpc "{$request}" "{\"id\": 7, $result, \"error\": null}"
}

test_version_2_is_answered_without() {
  local path
  for path in /jsonrpc /jsonrpc2; do
    says "$path" '{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": ["x"]}' \
      '{"jsonrpc": "2.0", "id": 7, "result": {"code": 0, "operation": "x"}}'
  done
}

test_the_content_type_is_ignored() {
  local type
  for type in application/json application/json-rpc text/plain application/x-www-form-urlencoded nonsense ''; do
    says /jsonrpc '{"id": 1, "method": "ping", "params": []}' \
      '{"id": 1, "result": {"code": 0, "operation": "pong"}, "error": null}' -H "Content-Type: $type"
  done
}

test_a_body_in_latin_1_is_decoded() {
  local request='{"id": 1, "method": "ping", "params": ["grün"]}'
  local response='{"id": 1, "result": {"code": 0, "operation": "gr\u00fcn"}, "error": null}'
  iconv -f utf-8 -t iso-8859-1 <<<"$request" >"$work/latin"
  post /jsonrpc -H 'Content-Type: application/json; charset=ISO-8859-1' --data-binary "@$work/latin"
  is "the echo of noop" "$response" "$(cat "$work/body")"
  rpc makeDir "[\"$token\", \"/latin\"]" >/dev/null
  printf '{"id": 1, "method": "makeDir", "params": ["%s", "/latin/grün"]}' "$token" |
    iconv -f utf-8 -t iso-8859-1 >"$work/latin"
  post /jsonrpc -H 'Content-Type: application/json; charset=ISO-8859-1' --data-binary "@$work/latin"
  is_like "in ASCII" '.*"name": "gr\\u00fcn".*' "$(rpc listDir "[\"$token\", \"/latin\"]")"
}

test_the_response_repeats_the_id_verbatim() {
  local id
  for id in 9223372036854775807 -1 1.50 1e3 '""' '"a-b"' null; do
    says /jsonrpc "{\"id\": $id, \"method\": \"ping\", \"params\": []}" \
      "{\"id\": $id, \"result\": {\"code\": 0, \"operation\": \"pong\"}, \"error\": null}"
  done
  says /jsonrpc '{"method": "ping"}' '{"id": null, "result": {"code": 0, "operation": "pong"}, "error": null}'
}

test_parameters_are_accepted_by_name_or_position() {
  is "by position" '{"code": 0, "operation": 5}' "$(rpc noop "[\"$token\", 5]")"
  is "by name" '{"code": 0, "operation": 5}' "$(rpc noop "{\"operation\": 5, \"token\": \"$token\"}")"
}

test_numbers_and_booleans_are_accepted_as_text() {
  local size stat cookie response='{"code": 0, "cookie": 0, "list": []}'
  rpc makeDir "[\"$token\", \"/none\"]" >/dev/null
  for size in 10 '"10"'; do
    for stat in false 0 '"false"' '"0"' true 1 '"TRUE"'; do
      for cookie in 0 '"0"' false null '""'; do
        is "$size $cookie $stat" "$response" "$(rpc listDir "[\"$token\", \"none/\", $size, $cookie, $stat]")"
      done
    done
  done
}

test_errors_of_methods_are_results() {
  is "a bare number" -1 "$(rpc deleteDir "[\"$token\", \"/nowhere\"]")"
  is "an object" '{"code": -1}' "$(rpc stat "[\"$token\", \"/nowhere\"]")"
  is "a bad token" '{"code": -10001}' "$(rpc stat "[\"$UNKNOWN\", \"/\"]")"
  is "a bad token, bare" -10001 "$(rpc makeDir "[\"$UNKNOWN\", \"/\"]")"
  is "a bad token at logout" -1 "$(rpc logout "[\"$UNKNOWN\"]")"
}

test_errors_of_the_protocol_are_error_objects() {
  errs /jsonrpc 'not json' -32700
  errs /jsonrpc '5' -32600
  errs /jsonrpc '{"id": 1}' -32600
  errs /jsonrpc '[]' -32600
  errs /jsonrpc2 '{"id": 1, "method": "ping"}' -32600
  errs /jsonrpc '{"id": 1, "method": "format"}' -32601
  errs /jsonrpc '{"id": 1, "method": "_ping"}' -32601
  errs /jsonrpc '{"id": 1, "method": "ping", "params": [1, 2]}' -32602
  errs /jsonrpc '{"id": 1, "method": "ping", "params": {"x": 1}}' -32602
  errs /jsonrpc "{\"id\": 1, \"method\": \"makeDir\", \"params\": [\"$token\"]}" -32602
}

test_batch_responses_keep_the_order() {
  local one='{"jsonrpc": "2.0", "id": "a", "method": "ping", "params": [1]}'
  local two='{"jsonrpc": "2.0", "id": 2, "method": "ping", "params": [2]}'
  says /jsonrpc2 "[$one, $two]" '[{"jsonrpc": "2.0", "id": "a", "result": {"code": 0, "operation": 1}}, {"jsonrpc": "2.0", "id": 2, "result": {"code": 0, "operation": 2}}]'
}

test_a_batch_requires_one_to_three_requests_with_unique_ids() {
  local begin='{"jsonrpc": "2.0", "method": "ping"'
  errs /jsonrpc2 '[]' -32700
  errs /jsonrpc2 "[$begin, \"id\": 1}, $begin, \"id\": 1}]" -32099
  errs /jsonrpc2 "[$begin, \"id\": 1}, $begin}]" -32099
  errs /jsonrpc2 "[$begin, \"id\": 1}, $begin, \"id\": 2}, $begin, \"id\": 3}, $begin, \"id\": 4}]" -32099
  errs /jsonrpc2 "[$begin, \"id\": 1}, 5]" -32600
}

run_tests
