#!/usr/bin/env bash
# The limit of requests per second (§1.11).
# needs: curl
# origin: --set rate_limit=1
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# is_rejected CURL-ARGUMENT...: the next request exceeds the limit.
is_rejected() {
  post /multipart/create "$@"
  [[ $status == 429 ]]
}

test_one_request_too_many_is_429_before_credentials() {
  within 20 is_rejected
  responded 429 -26
}

test_json_rpc_and_logins_are_not_counted() {
  local token count
  for count in 1 2 3 4 5 6; do
    token=$(login)
    is "round $count" '{"code": 0, "operation": "pong"}' "$(rpc noop "[\"$token\"]")"
  done
}

run_tests
