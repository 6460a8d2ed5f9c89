#!/usr/bin/env bash
# Whole files in a form, as a browser sends them (§5.2).
# needs: curl sha256sum
# origin: --dir /in/sub
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

token=$(login)
auth=(-H "X-Agile-Authorization: $token")
printf 'text' >"$work/a.txt"
: >"$work/empty.txt"

form() {
  post /post/file "${auth[@]}" "$@"
}

# refused CODE CURL-ARGUMENT...
refused() {
  local code=$1
  shift
  form -F "uploadFile=@$work/a.txt" "$@"
  answered 400 "$code"
}

test_a_form_stores_a_file() {
  form -F "uploadFile=@$work/a.txt" -F basename=form.txt -F directory=/in -F mtime=1400000000 \
    -F expose_egress=COMPLETE
  answered 200 0
  is X-Agile-Checksum "$(sha256 "$work/a.txt")" "$(header X-Agile-Checksum)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  is X-Agile-Path /acme/in/form.txt "$(header X-Agile-Path)"
  holds /in/form.txt "$work/a.txt"
  is Last-Modified 'Tue, 13 May 2014 16:53:20 GMT' "$(header Last-Modified)"
}

test_fields_may_stand_before_the_file() {
  form -F directory=/in -F basename=before.txt -F "uploadFile=@$work/a.txt"
  answered 200 0
  is X-Agile-Path /acme/in/before.txt "$(header X-Agile-Path)"
}

test_the_file_names_itself() {
  form -F "uploadFile=@$work/a.txt"
  is "its name" '200 /acme/a.txt' "$status $(header X-Agile-Path)"
  form -F "uploadFile=@$work/a.txt;filename=grün 1.txt"
  is "its name" '200 /acme/grün 1.txt' "$status $(header X-Agile-Path)"
  form -F "uploadFile=@$work/a.txt;filename=some/where/last.txt"
  is "its name" '200 /acme/last.txt' "$status $(header X-Agile-Path)"
}

test_a_token_in_the_query_is_enough() {
  post "/post/file?token=$token" -F "uploadFile=@$work/a.txt"
  answered 200 0
}

test_a_large_form_comes_in_chunks() {
  head -c 3000000 /dev/urandom >"$work/large"
  form -H 'Transfer-Encoding: chunked' -F "uploadFile=@$work/large" -F directory=/in
  answered 200 0
  is X-Agile-Size 3000000 "$(header X-Agile-Size)"
  holds /in/large "$work/large"
}

test_a_boundary_is_found_among_other_parameters() {
  local body=$work/by-hand
  {
    printf -- '--XX\r\nContent-Disposition: form-data; name="basename"\r\n\r\nby-hand.txt\r\n'
    printf -- '--XX\r\nContent-Disposition: form-data; name="uploadFile"; filename="a"\r\n\r\ntext\r\n--XX--\r\n'
  } >"$body"
  form -H 'Content-Type: multipart/form-data; boundary="XX"; charset=utf-8' --data-binary "@$body"
  answered 200 0
  holds /by-hand.txt "$work/a.txt"
  form -H 'Content-Type: multipart/form-data; charset=utf-8; boundary=XX' --data-binary "@$body"
  answered 200 0
}

test_a_return_url_is_gone_to() {
  form -F "uploadFile=@$work/a.txt" -F return_url=http://app.example/done
  answered 302 0
  is Location http://app.example/done "$(header Location)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  form -F "uploadFile=@$work/a.txt" -F return_referer=true --referer http://app.example/form
  answered 302 0
  is Location http://app.example/form "$(header Location)"
  form -F "uploadFile=@$work/a.txt" -F return_referer=true
  answered 200 0
}

test_a_refusal_goes_nowhere() {
  refused -3 -F directory=/nowhere -F return_url=http://app.example/done
  is "no Location" '' "$(header Location)"
}

test_parents_are_made_when_asked_and_the_header_decides() {
  form -F "uploadFile=@$work/a.txt" -F directory=/made/one -F recursive=yes
  answered 200 0
  refused -3 -F directory=/made/two
  refused -3 -F directory=/made/two -F recursive=yes -H 'X-Agile-Recursive: no'
  form -F "uploadFile=@$work/a.txt" -F directory=/made/two -F recursive=no -H 'X-Agile-Recursive: yes'
  answered 200 0
}

test_a_type_is_the_parts_where_no_header_gives_one() {
  form -F "uploadFile=@$work/a.txt;type=image/png" -F basename=part.txt
  is_typed part.txt image/png
  form -F "uploadFile=@$work/a.txt;type=image/png" -F basename=header.txt -H 'X-Agile-Content-Type: video/mp4'
  is_typed header.txt video/mp4
  form -F "uploadFile=@$work/a.txt;type=application/octet-stream" -F basename=name.mp3
  is_typed name.mp3 audio/mpeg
}

# is_typed NAME CONTENT-TYPE
is_typed() {
  send "/$1" --head
  is "the content type of $1" "$2" "$(header Content-Type)"
}

test_an_empty_file_is_a_file() {
  form -F "uploadFile=@$work/empty.txt"
  answered 200 0
  is X-Agile-Size 0 "$(header X-Agile-Size)"
}

test_exactly_one_file_is_wanted() {
  form -F directory=/in
  answered 400 -24
  form -d 'directory=/in'
  answered 400 -24
  form
  answered 400 -24
  refused -25 -F "uploadFile=@$work/empty.txt"
}

test_refusals_have_codes_of_their_own_here() {
  refused -8 -F directory=/in -F basename=sub
  refused -8 -F basename=a..b
  refused -21 -F expose_egress=NEVER
  refused -26 -H "X-Agile-Checksum: ${UNKNOWN//-/}"
  refused -27 -F mtime=yesterday
  refused -33 -H 'X-Agile-Content-Type: video'
  refused -33 -H 'X-Content-Type: auto'
  refused -39 -F recursive=maybe
  refused -39 -H 'X-Agile-Recursive: maybe'
  refused -48 -H 'X-Agile-Content-Detect: guess'
}

run_tests
