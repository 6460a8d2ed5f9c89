#!/usr/bin/env bash
# The control endpoint, steered as a shell script does.
# needs: curl
# origin: --dir /in --control 127.0.0.1:0
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

: "${CONTROL:?the URL of its control}"

# control METHOD PATH [BODY]: prints what is answered.
control() {
  curl --silent --show-error --max-time 30 -X "$1" ${3:+-d "$3"} "$CONTROL$2"
}

# Each test begins with an origin on which nothing has happened.
anew() {
  is "the answer to a reset" '{}' "$(control POST reset)"
  auth=(-H "X-Agile-Authorization: $(login)")
}

raw() {
  post /post/raw "${auth[@]}" -H 'X-Agile-Directory: /in' -H "X-Agile-Basename: $1" -d text "${@:2}"
}

test_a_fault_that_was_posted_acts_and_is_accounted_for() {
  anew
  is_like "the answer" '\{"ids":\[[0-9]+\]\}' \
    "$(control POST faults '{"op": "raw", "attempt": 1, "reject": 503}')"
  is_like "its account" '.*"fired":0.*' "$(control GET faults)"
  is_like "the verdict" '.*"ok":false.*' "$(control GET verdict)"
  raw a.txt --retry 2
  answered 200 0
  is_like "its account" '.*"fired":1.*' "$(control GET faults)"
  is "the verdict" '{"ok":true}' "$(control GET verdict)"
  is "the refusals in the journal" 1 "$(control GET journal | grep -o '"status":503' | wc -l)"
  is_like "the timeline" '.*POST /post/raw of /acme/in/a.txt.*' "$(control GET timeline | tr '\n' ' ')"
}

# Whether the journal tells that an answer is held.
is_held() {
  control GET journal | grep -q '"outcome":"held"'
}

test_a_hold_is_released_and_keeps_its_account() {
  local id answer
  anew
  id=$(control POST faults '{"op": "raw", "hold": true}' | sed -E 's/.*\[([0-9]+)\].*/\1/')
  (raw a.txt; printf '%s' "$status" >"$work/status") &
  answer=$!
  within 20 is_held
  is "the answer" "{\"released\":[$id]}" "$(control POST "faults/$id/release")"
  wait "$answer" || broken "the answer was released"
  is "its status" 200 "$(cat "$work/status")"
  is_like "its account" '.*"fired":1.*' "$(control GET faults)"
}

test_a_hold_is_released_by_deleting_its_fault_too() {
  local id answer
  anew
  id=$(control POST faults '{"op": "raw", "hold": true}' | sed -E 's/.*\[([0-9]+)\].*/\1/')
  (raw a.txt; printf '%s' "$status" >"$work/status") &
  answer=$!
  within 20 is_held
  is "the answer" "{\"deleted\":[$id]}" "$(control DELETE "faults/$id")"
  wait "$answer" || broken "the answer was released"
  is "its status" 200 "$(cat "$work/status")"
}

test_protocol_time_jumps() {
  anew
  raw a.txt
  answered 200 0
  is_like "the time" '\{"now":[0-9.]+\}' "$(control POST clock '{"advance": 3600}')"
  raw b.txt
  answered 403 -10001
}

test_the_origin_goes_offline_and_comes_back() {
  local end=0
  anew
  is "the answer" '{}' "$(control POST offline)"
  curl --silent --max-time 30 "$ORIGIN/" || end=$?
  is "the end of curl, which could not connect" 7 "$end"
  is "the answer" '{}' "$(control POST online)"
  raw a.txt
  answered 200 0
}

test_a_switch_is_set_while_it_runs() {
  anew
  is "the answer" '{}' "$(control POST options '{"disk_quota": "10"}')"
  raw a.txt
  answered 200 0
  raw b.txt -d 'more than there is room for'
  is_like "the status" '[45][0-9][0-9]' "$status"
  is "the answer" '{}' "$(control POST options '{"disk_quota": "off"}')"
}

test_what_makes_no_sense_is_one_line() {
  request "${CONTROL}faults" -d '{"op": "piece", "hold": "please"}'
  is "the status" 400 "$status"
  is "the line" '{"error":"invalid value \"please\" for \"hold\"; expected true"}' "$(cat "$work/body")"
  request "${CONTROL}nothing"
  is "the status" 404 "$status"
  request "${CONTROL}reset"
  is "the status" 405 "$status"
  is Allow POST "$(header Allow)"
}

test_a_page_in_a_browser_is_not_let_in() {
  request "${CONTROL}reset" -X POST -H 'Origin: http://localhost'
  is "the status" 403 "$status"
  request "${CONTROL}reset" -X POST -H 'Host: evil.example'
  is "the status" 403 "$status"
}

run_tests
