#!/usr/bin/env bash
# Stored files over HTTP, and MediaVault URLs (§8).
# needs: curl sha256sum
# origin: --dir /in/sub
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
readonly TEXT='0123456789'
printf '%s' "$TEXT" >"$work/ten"
sum=$(sha256 "$work/ten")
put ten.txt "$TEXT" -H 'X-Agile-MTime: 1400000000'
modified='Tue, 13 May 2014 16:53:20 GMT'

# described: checks the headers that describe the file.
described() {
  is Content-Type text/plain "$(header Content-Type)"
  is Last-Modified "$modified" "$(header Last-Modified)"
  is Accept-Ranges bytes "$(header Accept-Ranges)"
  is "X-Agile-Checksum, of the whole" "$sum" "$(header X-Agile-Checksum)"
}

test_a_file_has_a_path_with_and_without_the_account() {
  local path
  for path in /in/ten.txt /acme/in/ten.txt; do
    holds "$path" "$work/ten"
    is Content-Length 10 "$(header Content-Length)"
    described
  done
}

test_head_returns_the_headers_of_get() {
  send /in/ten.txt --head
  plain_response 200
  is Content-Length 10 "$(header Content-Length)"
  described
}

# range HEADER CONTENT-RANGE BYTES
range() {
  send /in/ten.txt -H "Range: $1"
  plain_response 206
  is Content-Range "bytes $2/10" "$(header Content-Range)"
  is "the bytes" "$3" "$(cat "$work/body")"
  is Content-Length "${#3}" "$(header Content-Length)"
  described
}

test_a_single_range_is_served() {
  range bytes=0-3 0-3 0123
  range bytes=4- 4-9 456789
  range bytes=-3 7-9 789
  range bytes=8-100 8-9 89
  range bytes=0-9 0-9 "$TEXT"
}

test_a_range_beyond_the_end_is_416() {
  send /in/ten.txt -H 'Range: bytes=10-'
  plain_response 416
  is Content-Range 'bytes */10' "$(header Content-Range)"
}

test_other_ranges_are_ignored() {
  local range
  for range in bytes=0-1,4-5 bytes=5-2 bytes=x lines=1-2; do
    send /in/ten.txt -H "Range: $range"
    plain_response 200
    same "the whole" "$work/ten" "$work/body"
  done
  send /in/ten.txt --head -H 'Range: bytes=0-3'
  plain_response 200
  is Content-Length 10 "$(header Content-Length)"
}

test_a_truncated_download_is_resumed() {
  printf '0123' >"$work/part"
  curl --silent --show-error --fail --http1.1 --continue-at - --output "$work/part" "$ORIGIN/in/ten.txt" ||
    fail "it is resumed"
  same "the whole" "$work/ten" "$work/part"
}

test_what_has_not_changed_is_304() {
  send /in/ten.txt -H "If-Modified-Since: $modified"
  plain_response 304
  is "the size of the body" 0 "$(body_bytes)"
  send /in/ten.txt -H 'If-Modified-Since: Tue, 13 May 2014 16:53:19 GMT'
  plain_response 200
  send /in/ten.txt -z "$modified"
  plain_response 304
}

test_what_is_no_file_is_404() {
  local path id
  id=$(create open.txt)
  piece "$id" 1 -d text
  for path in /in/none.txt /in /in/ / /acme /in/open.txt /other/in/ten.txt; do
    send "$path"
    plain_response 404
    send "$path" --head
    plain_response 404
  done
}

test_a_path_is_percent_decoded_and_a_plus_is_kept() {
  put 'a+b ü%.txt' "$TEXT"
  holds /in/a+b%20%C3%BC%25.txt "$work/ten"
  send /in/a%20b%20%C3%BC%25.txt
  plain_response 404
}

test_a_query_is_ignored() {
  holds '/in/ten.txt?version=2&x' "$work/ten"
}

test_an_empty_file_is_read() {
  put empty.txt ''
  send /in/empty.txt
  plain_response 200
  is Content-Length 0 "$(header Content-Length)"
  send /in/empty.txt -H 'Range: bytes=0-'
  plain_response 416
}

# --- MediaVault (§7.2) --------------------------------------------------------------------------

# vault PATH [EXPIRY]: prints the URL to download it from.
vault() {
  local result
  result=$(rpc mediaVaultUrl "[\"$token\", \"$1\"${2:+, $2}]")
  is_like "the result" '\{"code": 0, "message": ".*", "download_url": "http.*", "preview_url": "http.*"\}' "$result"
  member download_url <<<"$result"
}

test_a_vault_url_is_read_and_a_forged_one_is_403() {
  local url expiry
  for expiry in '' 0 60 2147483648; do
    url=$(vault /in/ten.txt "$expiry")
    request "$url"
    plain_response 200
    same "the file" "$work/ten" "$work/body"
  done
  request "${url/ten.txt/other.txt}"
  plain_response 403
  request "$(forged "$url")"
  plain_response 403
  request "$(forged "$url")" --head
  plain_response 403
}

# Replaces the last digit.
forged() {
  if [[ $1 == *0 ]]; then printf '%s' "${1%?}1"; else printf '%s' "${1%?}0"; fi
}

test_a_vault_url_expires() {
  within 10 is_forbidden "$(vault /in/ten.txt 1)"
}

is_forbidden() {
  request "$1"
  [[ $status == 403 ]]
}

test_a_vault_url_can_be_created_before_its_file() {
  local url
  url=$(vault /in/later.txt)
  request "$url"
  plain_response 404
  put later.txt "$TEXT"
  request "$url"
  plain_response 200
}

test_invalid_arguments_of_a_vault_url_are_rejected() {
  is_like "a directory" '\{"code": -2.*' "$(rpc mediaVaultURL "[\"$token\", \"/in\"]")"
  is_like "an expiry" '\{"code": -34.*' "$(rpc mediaVaultUrl "[\"$token\", \"/in/ten.txt\", -1]")"
  is_like "an expiry" '\{"code": -34.*' "$(rpc mediaVaultUrl "[\"$token\", \"/in/ten.txt\", 2147483649]")"
}

run_tests
