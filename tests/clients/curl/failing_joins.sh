#!/usr/bin/env bash
# Joins that end in FAILED, and uploads that are restarted (§4.4).
# needs: curl
# origin: --dir /in --set join=fail
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")

state_of() {
  rpc getMultipartStatus "[\"$token\", \"$1\"]" | member state
}

# states_of_pieces ID
states_of_pieces() {
  rpc listMultipartPiece "[\"$token\", \"$1\"]" | grep -o '"state": [0-9]*' | tr -cd '0-9\n' | tr '\n' ' '
}

test_a_failed_upload_can_be_restarted() {
  local id
  id=$(create failed.txt)
  piece "$id" 1 -d never
  piece "$id" 1 -d text
  complete "$id"
  responded 200 0
  is "FAILED" 12 "$(state_of "$id")"
  is "pieces SKIPPED and FAILED" '10 13 ' "$(states_of_pieces "$id")"
  is "it is too late" -18 "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
  send /in/failed.txt
  plain_response 404
  is "restarted" 0 "$(rpc restartMultipart "[\"$token\", \"$id\"]")"
  is "READY" 2 "$(state_of "$id")"
  is "not again" -22 "$(rpc restartMultipart "[\"$token\", \"$id\"]")"
}

run_tests
