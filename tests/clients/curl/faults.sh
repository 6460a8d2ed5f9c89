#!/usr/bin/env bash
# Faults from a file: a retry, a lost response and a truncated download.
# needs: curl
# origin: --dir /in --faults {here}/curl/faults.toml --control 127.0.0.1:0
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# attempt PATH [CURL ARGUMENT]...: prints the exit status of curl.
attempt() {
  local path=$1 end=0
  shift
  curl --silent --http1.1 --max-time 30 --output "$work/body" "$@" "$ORIGIN$path" || end=$?
  printf '%s' "$end"
}

curl_retries_a_rejected_file() {
  head -c 100000 /dev/urandom >"$work/a.bin"
  put a.bin "@$work/a.bin" --retry 2
  is "the requests for it" 2 "$(grep -c ^HTTP "$work/heads")"
  holds /in/a.bin "$work/a.bin"
}

an_upload_with_a_lost_completion_response_is_complete() {
  local id
  id=$(create c.txt)
  piece "$id" 1 -d text
  responded 200 0
  # 52: empty reply from the server.
  is "the end of curl" 52 "$(attempt /multipart/complete -X POST "${auth[@]}" -H "X-Agile-Multipart: $id")"
  printf text >"$work/c.txt"
  holds /in/c.txt "$work/c.txt"
}

curl_detects_a_truncated_download() {
  put b.bin text
  # 18: partial file.
  is "the end of curl" 18 "$(attempt /in/b.bin)"
  printf text >"$work/b.bin"
  holds /in/b.bin "$work/b.bin"
}

test_every_fault_of_the_file_is_injected_once() {
  auth=(-H "X-Agile-Authorization: $(login)")
  is_like "the verdict before" '\{"failures":\[.*busy at first.*\],"ok":false,"omitted":0\}' \
    "$(curl -s "${CONTROL}verdict")"
  curl_retries_a_rejected_file
  an_upload_with_a_lost_completion_response_is_complete
  curl_detects_a_truncated_download
  is "the faults injected once" 3 "$(curl -s "${CONTROL}faults" | grep -o '"fired":1' | wc -l)"
  is "the verdict" '{"ok":true}' "$(curl -s "${CONTROL}verdict")"
}

run_tests
