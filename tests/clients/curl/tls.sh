#!/usr/bin/env bash
# HTTPS with the certificate that the origin made (docs/tls.md).
# needs: curl-tls
# origin: --dir /in --tls --tls-name upload.example.com --ca-out {ca}
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# attempt [CURL ARGUMENT]... URL: prints the exit status of curl.
attempt() {
  local end=0
  curl --silent --max-time 30 --output "$work/body" "$@" || end=$?
  printf '%s' "$end"
}

test_an_upload_over_https_is_stored() {
  export CURL_CA_BUNDLE=$CA
  local auth id
  auth=(-H "X-Agile-Authorization: $(login)")
  id=$(create a.bin)
  head -c 300000 /dev/urandom >"$work/a.bin"
  piece "$id" 1 --data-binary "@$work/a.bin"
  responded 200 0
  complete "$id"
  responded 200 0
  holds /in/a.bin "$work/a.bin"
}

test_curl_negotiates_http_1() {
  # curl offers h2 and http/1.1.
  is "the version" 1.1 "$(curl --silent --cacert "$CA" --output "$work/body" -w '%{http_version}' -X OPTIONS "$ORIGIN/")"
}

test_a_named_host_is_accepted() {
  local port=${ORIGIN##*:} name
  for name in upload.example.com localhost; do
    is "$name" 0 "$(attempt --cacert "$CA" --resolve "$name:$port:127.0.0.1" "https://$name:$port/")"
  done
}

test_curl_rejects_an_unknown_authority_and_another_name() {
  local port=${ORIGIN##*:} name=download.example.com
  # 60: the certificate cannot be verified.
  is "the end of curl without --cacert" 60 "$(attempt "$ORIGIN/")"
  is "the end of curl for $name" 60 \
    "$(attempt --cacert "$CA" --resolve "$name:$port:127.0.0.1" "https://$name:$port/")"
}

test_plain_http_is_rejected() {
  request "http://${ORIGIN#https://}/"
  is "the status" 400 "$status"
  is_like "the body" 'This port uses TLS.*' "$(cat "$work/body")"
}

run_tests
