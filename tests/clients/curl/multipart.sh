#!/usr/bin/env bash
# Uploads in pieces (§4).
# needs: curl sha256sum
# origin: --dir /in/sub
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
in=(-H 'X-Agile-Directory: /in')
mib=$((1024 * 1024))

# make FILE BYTES BYTE: writes a file that repeats one byte.
make() {
  head -c "$2" /dev/zero | tr '\0' "$3" >"$work/$1"
}

# status_of ID MEMBER
status_of() {
  rpc getMultipartStatus "[\"$token\", \"$1\"]" | member "$2"
}

# --- create (§4.1) ------------------------------------------------------------------------------

test_create_returns_the_given_values() {
  post /multipart/create "${auth[@]}" "${in[@]}" -H 'X-Agile-Basename: a.mp4' \
    -H 'X-Agile-Content-Type: video/mp4' -H 'X-Agile-MTime: 1400000000'
  responded 200 0
  is X-Agile-Meta 'content_type=video/mp4 mtime=1400000000' "$(header X-Agile-Meta)"
  is_like X-Agile-Multipart "$HEX32" "$(header X-Agile-Multipart)"
  is X-Agile-Path /acme/in/a.mp4 "$(header X-Agile-Path)"
}

test_create_requires_only_a_token() {
  local method
  for method in GET POST; do
    send /multipart/create -X "$method" "${auth[@]}"
    responded 200 0
    is X-Agile-Meta 'content_type=None mtime=0' "$(header X-Agile-Meta)"
    is_like X-Agile-Path "/acme/mpart-$HEX32" "$(header X-Agile-Path)"
  done
}

test_create_ignores_a_body() {
  post /multipart/create "${auth[@]}" -d 'name=value'
  responded 200 0
}

test_slashes_around_a_directory_are_ignored() {
  local directory
  for directory in in/sub /in/sub/ //in//sub in/sub/; do
    post /multipart/create "${auth[@]}" -H "X-Agile-Directory: $directory" -H 'X-Agile-Basename: a'
    responded 200 0
    is X-Agile-Path /acme/in/sub/a "$(header X-Agile-Path)"
  done
}

test_a_basename_with_slashes_keeps_its_last_segment() {
  post /multipart/create "${auth[@]}" "${in[@]}" -H 'X-Agile-Basename: /test.mp3'
  responded 200 0
  is X-Agile-Path /acme/in/test.mp3 "$(header X-Agile-Path)"
}

test_names_are_kept_verbatim_by_default() {
  local name
  for name in 'a b.txt' 'a\b.txt' 'a*?.txt' 'a%20b.txt' 'grün.txt'; do
    post /multipart/create "${auth[@]}" "${in[@]}" -H "X-Agile-Basename: $name"
    responded 200 0
    is X-Agile-Path "/acme/in/$name" "$(header X-Agile-Path)"
  done
}

test_percent_encoded_names_are_returned_encoded() {
  local encoding
  for encoding in UTF8 utf8; do
    post /multipart/create "${auth[@]}" -H "X-Agile-Encoding: $encoding" \
      -H 'X-Agile-Directory: %2Fin' -H 'X-Agile-Basename: gr%c3%bc+n%20~.txt'
    responded 200 0
    is X-Agile-Path /acme/in/gr%C3%BC%20n%20~.txt "$(header X-Agile-Path)"
  done
}

# rejected_create CODE HEADER...
rejected_create() {
  local code=$1 header headers=()
  shift
  for header in "$@"; do headers+=(-H "$header"); done
  post /multipart/create "${auth[@]}" "${headers[@]}"
  responded 400 "$code"
}

test_create_rejects_invalid_paths() {
  local long
  printf -v long '%04097d' 0
  rejected_create -16 "X-Agile-Basename: $long"
  rejected_create -16 'X-Agile-Basename: a..b'
  rejected_create -16 'X-Agile-Directory: /in/../in'
  rejected_create -16 'X-Agile-Directory: /in/./sub'
  rejected_create -16 'X-Agile-Encoding: UTF8' 'X-Agile-Basename: a%GG'
  rejected_create -16 'X-Agile-Encoding: UTF8' 'X-Agile-Basename: a%FF'
}

test_create_rejects_invalid_values() {
  rejected_create -20 'X-Agile-MTime: yesterday'
  rejected_create -20 'X-Agile-MTime: -1'
  rejected_create -21 'X-Agile-Content-Type: video'
  rejected_create -21 'X-Agile-Content-Type: video/'
  rejected_create -51 'X-Agile-Encoding: latin1'
}

test_create_rejects_a_missing_parent() {
  rejected_create -23 'X-Agile-Directory: /nowhere'
  is "the reason phrase" 'parent directory does not exist' "$reason"
  put file text
  rejected_create -23 'X-Agile-Directory: /in/file'
  rejected_create -23 'X-Agile-Directory: /in' 'X-Agile-Basename: sub'
}

# --- pieces (§4.2) ------------------------------------------------------------------------------

test_pieces_arrive_in_any_order_and_the_last_version_wins() {
  local id
  id=$(create order.txt)
  piece "$id" 2 -d 'two'
  responded 200 0
  piece "$id" 1 -d 'never '
  responded 200 0
  piece "$id" 1 -d 'one '
  responded 200 0
  complete "$id"
  responded 200 0
  is X-Agile-Parts 2 "$(header X-Agile-Parts)"
  is X-Agile-Multipart "$id" "$(header X-Agile-Multipart)"
  printf 'one two' >"$work/expected"
  holds /in/order.txt "$work/expected"
}

test_a_piece_returns_its_digest_and_size() {
  local id
  id=$(create digest.txt)
  make piece 100000 x
  piece "$id" 1 --data-binary "@$work/piece"
  responded 200 0
  is X-Agile-Checksum "$(sha256 "$work/piece")" "$(header X-Agile-Checksum)"
  is X-Agile-Size 100000 "$(header X-Agile-Size)"
}

test_pieces_are_sent_in_parallel() {
  local id number jobs=()
  id=$(create parallel.txt)
  for number in 1 2 3 4 5 6; do
    make "piece$number" 300000 "$number"
    curl --silent --show-error --fail --http1.1 --max-time 30 -X POST "${auth[@]}" \
      -H "X-Agile-Multipart: $id" -H "X-Agile-Part: $number" \
      --data-binary "@$work/piece$number" "$ORIGIN/multipart/piece" &
    jobs+=($!)
  done
  for number in "${jobs[@]}"; do wait "$number" || fail "every piece is taken"; done
  complete "$id"
  is X-Agile-Parts 6 "$(header X-Agile-Parts)"
  cat "$work"/piece[1-6] >"$work/expected"
  holds /in/parallel.txt "$work/expected"
}

test_a_body_may_use_any_framing() {
  local id
  id=$(create framed.bin)
  make part $mib a
  piece "$id" 1 --data-binary "@$work/part"
  is "with a length" "200 $mib" "$status $(header X-Agile-Size)"
  piece "$id" 2 -H 'Transfer-Encoding: chunked' --data-binary "@$work/part"
  is "in chunks" "200 $mib" "$status $(header X-Agile-Size)"
  piece "$id" 3 -T - <"$work/part"
  is "in chunks from a pipe" "200 $mib" "$status $(header X-Agile-Size)"
  piece "$id" 4 -T "$work/part" -H 'Expect:'
  is "without Expect" "200 $mib" "$status $(header X-Agile-Size)"
  piece "$id" 5 --http1.0 --data-binary "@$work/part"
  is "by HTTP/1.0" "200 $mib" "$status $(header X-Agile-Size)"
  complete "$id"
  is X-Agile-Parts 5 "$(header X-Agile-Parts)"
}

test_100_continue_precedes_the_body() {
  local id
  id=$(create expect.txt)
  piece "$id" 1 -H 'Expect: 100-continue' -d text
  responded 200 0
  is "the first status line" 'HTTP/1.1 100 Continue' "$(head -n 1 "$work/heads" | tr -d '\r')"
}

test_an_error_precedes_the_body_of_an_expecting_client() {
  make part $mib a
  piece "$UNKNOWN" 1 -H 'Expect: 100-continue' --expect100-timeout 20 -T "$work/part"
  responded 400 -2
  is "bytes that were sent" 0 "$sent"
}

test_an_error_reaches_a_client_that_writes_first() {
  make part 900000 a
  piece "$UNKNOWN" 1 -H 'Expect:' -T "$work/part"
  responded 400 -2
}

test_invalid_part_numbers_are_rejected() {
  local id number
  id=$(create numbers.txt)
  for number in 0 -1 +1 x 1.0 2147483648 '1 2'; do
    piece "$id" "$number" -d text
    responded 400 -3
  done
  post /multipart/piece "${auth[@]}" -H "X-Agile-Multipart: $id" -d text
  responded 400 -3
  piece "$id" 2147483647 -d text
  responded 200 0
}

test_leading_zeroes_are_ignored() {
  local id
  id=$(create zeroes.txt)
  piece "$id" 01 -d text
  responded 200 0
  complete "$id"
  is X-Agile-Parts 1 "$(header X-Agile-Parts)"
}

test_the_checksum_of_a_piece_is_verified() {
  local id right
  id=$(create checksum.txt)
  printf 'text' >"$work/piece"
  right=$(sha256 "$work/piece")
  piece "$id" 1 -d text -H "X-Agile-Checksum: ${UNKNOWN//-/}"
  responded 400 -6
  is "nothing is stored" 0 "$(status_of "$id" numpieces)"
  piece "$id" 1 -d text -H "X-Agile-Checksum: $(tr '[:lower:]' '[:upper:]' <<<"$right")"
  responded 200 0
}

test_a_piece_accepts_any_content_type_but_a_form() {
  local id
  id=$(create typed.txt)
  piece "$id" 1 -d text -H 'Content-Type: no such thing'
  responded 200 0
  piece "$id" 1 -d text -H 'Content-Type:'
  responded 200 0
  piece "$id" 2 -F "uploadFile=@$work/head"
  responded 400 -24
}

test_a_piece_may_be_empty() {
  local id
  id=$(create empty.txt)
  piece "$id" 1 -d ''
  responded 200 0
  is X-Agile-Size 0 "$(header X-Agile-Size)"
  complete "$id"
  responded 200 0
  : >"$work/expected"
  holds /in/empty.txt "$work/expected"
}

test_a_piece_requires_an_existing_upload() {
  piece "$UNKNOWN" 1 -d text
  responded 400 -2
  post /multipart/piece "${auth[@]}" -H 'X-Agile-Part: 1' -d text
  responded 400 -2
}

# --- complete, abort and later requests (§4.3-§4.5) -------------------------------------------

test_complete_accepts_get_and_ignores_a_body() {
  local id
  id=$(create get.txt)
  piece "$id" 1 -d text
  send /multipart/complete "${auth[@]}" -H "X-Agile-Multipart: $id"
  responded 200 0
  id=$(create body.txt)
  piece "$id" 1 -d text
  post /multipart/complete "${auth[@]}" -H "X-Agile-Multipart: $id" -d 'parts=1'
  responded 200 0
}

test_complete_wants_pieces_from_1_without_a_gap() {
  local id
  complete "$UNKNOWN"
  responded 400 -2
  id=$(create gap.txt)
  complete "$id"
  responded 400 -4
  piece "$id" 2 -d two
  complete "$id"
  responded 400 -5
  piece "$id" 1 -d one
  complete "$id"
  responded 200 0
}

test_a_completed_upload_rejects_further_requests() {
  local id
  id=$(create over.txt)
  piece "$id" 1 -d text
  complete "$id"
  responded 200 0
  is "SUCCESS" 6 "$(status_of "$id" state)"
  complete "$id"
  responded 400 -8
  piece "$id" 2 -d text
  responded 400 -8
}

test_an_aborted_upload_rejects_further_requests() {
  local id
  id=$(create aborted.txt)
  piece "$id" 1 -d text
  is "a bare 0" 0 "$(rpc abortMultipart "[\"$token\", \"$id\"]")"
  is "ABORT" 10 "$(status_of "$id" state)"
  piece "$id" 2 -d text
  responded 400 -17
  complete "$id"
  responded 400 -17
  send /in/aborted.txt
  plain_response 404
}

test_a_joined_file_replaces_the_older_one() {
  local id
  put replaced.txt old
  printf 'old' >"$work/old"
  printf 'new' >"$work/new"
  id=$(create replaced.txt)
  piece "$id" 1 -d new
  holds /in/replaced.txt "$work/old"
  complete "$id"
  responded 200 0
  holds /in/replaced.txt "$work/new"
}

test_a_joined_file_has_the_given_type_and_time() {
  local id
  id=$(create a.bin -H 'X-Agile-Content-Type: video/mp4' -H 'X-Agile-MTime: 1400000000')
  piece "$id" 1 -d text
  complete "$id"
  send /in/a.bin --head
  plain_response 200
  is Content-Type video/mp4 "$(header Content-Type)"
  is Last-Modified 'Tue, 13 May 2014 16:53:20 GMT' "$(header Last-Modified)"
}

test_a_join_fails_if_its_directory_was_deleted() {
  local id
  is "made" 0 "$(rpc makeDir "[\"$token\", \"/gone\"]")"
  post /multipart/create "${auth[@]}" -H 'X-Agile-Directory: /gone' -H 'X-Agile-Basename: a'
  id=$(header X-Agile-Multipart)
  is "deleted" 0 "$(rpc deleteDir "[\"$token\", \"/gone\"]")"
  piece "$id" 1 -d text
  complete "$id"
  responded 200 0
  is "FAILED" '12 404' "$(status_of "$id" state) $(status_of "$id" error)"
  piece "$id" 2 -d text
  responded 400 -8
  is "made again" 0 "$(rpc makeDir "[\"$token\", \"/gone\"]")"
  is "a bare 0" 0 "$(rpc restartMultipart "[\"$token\", \"$id\"]")"
  complete "$id"
  is "SUCCESS" '6 0' "$(status_of "$id" state) $(status_of "$id" error)"
}

run_tests
