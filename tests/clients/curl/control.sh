#!/usr/bin/env bash
# The control endpoint, called from a shell script.
# needs: curl
# origin: --dir /in --control 127.0.0.1:0
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

: "${CONTROL:?the URL of its control}"

# control METHOD PATH [BODY]: prints the response.
control() {
  curl --silent --show-error --max-time 30 -X "$1" ${3:+-d "$3"} "$CONTROL$2"
}

# Resets the origin and logs in.
reset() {
  is "the response to a reset" '{}' "$(control POST reset)"
  auth=(-H "X-Agile-Authorization: $(login)")
}

raw() {
  post /post/raw "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $1" -d text "${@:2}"
}

test_a_posted_fault_is_injected_and_counted() {
  reset
  is_like "the response" '\{"ids":\[[0-9]+\]\}' \
    "$(control POST faults '{"op": "raw", "attempt": 1, "reject": 503}')"
  is_like "the fault" '.*"fired":0.*' "$(control GET faults)"
  is_like "the verdict" '.*"ok":false.*' "$(control GET verdict)"
  raw a.txt --retry 2
  responded 200 0
  is_like "the fault" '.*"fired":1.*' "$(control GET faults)"
  is "the verdict" '{"ok":true}' "$(control GET verdict)"
  is "the errors in the journal" 1 "$(control GET journal | grep -o '"status":503' | wc -l)"
  is_like "the timeline" '.*POST /post/raw of /acme/in/a.txt.*' "$(control GET timeline | tr '\n' ' ')"
}

# Succeeds if the journal has a held response.
is_held() {
  control GET journal | grep -q '"outcome":"held"'
}

test_a_released_hold_stays_in_the_list() {
  local id response
  reset
  id=$(control POST faults '{"op": "raw", "hold": true}' | sed -E 's/.*\[([0-9]+)\].*/\1/')
  (raw a.txt; printf '%s' "$status" >"$work/status") &
  response=$!
  within 20 is_held
  is "the response" "{\"released\":[$id]}" "$(control POST "faults/$id/release")"
  wait "$response" || fail "the released request failed"
  is "its status" 200 "$(cat "$work/status")"
  is_like "the fault" '.*"fired":1.*' "$(control GET faults)"
}

test_deleting_a_hold_releases_its_response() {
  local id response
  reset
  id=$(control POST faults '{"op": "raw", "hold": true}' | sed -E 's/.*\[([0-9]+)\].*/\1/')
  (raw a.txt; printf '%s' "$status" >"$work/status") &
  response=$!
  within 20 is_held
  is "the response" "{\"deleted\":[$id]}" "$(control DELETE "faults/$id")"
  wait "$response" || fail "the released request failed"
  is "its status" 200 "$(cat "$work/status")"
}

test_advance_expires_tokens() {
  reset
  raw a.txt
  responded 200 0
  is_like "the time" '\{"now":[0-9.]+\}' "$(control POST clock '{"advance": 3600}')"
  raw b.txt
  responded 403 -10001
}

test_the_origin_goes_offline_and_online() {
  local end=0
  reset
  is "the response" '{}' "$(control POST offline)"
  curl --silent --max-time 30 "$ORIGIN/" || end=$?
  is "the end of curl, which could not connect" 7 "$end"
  is "the response" '{}' "$(control POST online)"
  raw a.txt
  responded 200 0
}

test_options_change_at_run_time() {
  reset
  is "the response" '{}' "$(control POST options '{"disk_quota": "10"}')"
  raw a.txt
  responded 200 0
  raw b.txt -d 'more than there is room for'
  is_like "the status" '[45][0-9][0-9]' "$status"
  is "the response" '{}' "$(control POST options '{"disk_quota": "off"}')"
}

test_invalid_requests_return_one_line() {
  request "${CONTROL}faults" -d '{"op": "piece", "hold": "please"}'
  is "the status" 400 "$status"
  is "the line" '{"error":"invalid value \"please\" for `hold`; expected true"}' "$(cat "$work/body")"
  request "${CONTROL}nothing"
  is "the status" 404 "$status"
  request "${CONTROL}reset"
  is "the status" 405 "$status"
  is Allow POST "$(header Allow)"
}

test_foreign_origins_and_hosts_are_rejected() {
  request "${CONTROL}reset" -X POST -H 'Origin: http://localhost'
  is "the status" 403 "$status"
  request "${CONTROL}reset" -X POST -H 'Host: evil.example'
  is "the status" 403 "$status"
}

run_tests
