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

# rejected CODE CURL-ARGUMENT...
rejected() {
  local code=$1
  shift
  form -F "uploadFile=@$work/a.txt" "$@"
  responded 400 "$code"
}

test_a_form_stores_a_file() {
  form -F "uploadFile=@$work/a.txt" -F basename=form.txt -F directory=/in -F mtime=1400000000 \
    -F expose_egress=COMPLETE
  responded 200 0
  is X-Agile-Checksum "$(sha256 "$work/a.txt")" "$(header X-Agile-Checksum)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  is X-Agile-Path /acme/in/form.txt "$(header X-Agile-Path)"
  holds /in/form.txt "$work/a.txt"
  is Last-Modified 'Tue, 13 May 2014 16:53:20 GMT' "$(header Last-Modified)"
}

test_fields_may_precede_the_file() {
  form -F directory=/in -F basename=before.txt -F "uploadFile=@$work/a.txt"
  responded 200 0
  is X-Agile-Path /acme/in/before.txt "$(header X-Agile-Path)"
}

test_the_filename_of_the_part_is_the_default_name() {
  form -F "uploadFile=@$work/a.txt"
  is "its name" '200 /acme/a.txt' "$status $(header X-Agile-Path)"
  form -F "uploadFile=@$work/a.txt;filename=grün 1.txt"
  is "its name" '200 /acme/grün 1.txt' "$status $(header X-Agile-Path)"
  form -F "uploadFile=@$work/a.txt;filename=some/where/last.txt"
  is "its name" '200 /acme/last.txt' "$status $(header X-Agile-Path)"
}

test_a_token_in_the_query_authorizes() {
  post "/post/file?token=$token" -F "uploadFile=@$work/a.txt"
  responded 200 0
}

test_a_large_chunked_form_is_stored() {
  head -c 3000000 /dev/urandom >"$work/large"
  form -H 'Transfer-Encoding: chunked' -F "uploadFile=@$work/large" -F directory=/in
  responded 200 0
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
  responded 200 0
  holds /by-hand.txt "$work/a.txt"
  form -H 'Content-Type: multipart/form-data; charset=utf-8; boundary=XX' --data-binary "@$body"
  responded 200 0
}

test_success_redirects_to_the_return_url() {
  form -F "uploadFile=@$work/a.txt" -F return_url=http://app.example/done
  responded 302 0
  is Location http://app.example/done "$(header Location)"
  is X-Agile-Size 4 "$(header X-Agile-Size)"
  form -F "uploadFile=@$work/a.txt" -F return_referer=true --referer http://app.example/form
  responded 302 0
  is Location http://app.example/form "$(header Location)"
  form -F "uploadFile=@$work/a.txt" -F return_referer=true
  responded 200 0
}

test_an_error_does_not_redirect() {
  rejected -3 -F directory=/nowhere -F return_url=http://app.example/done
  is "no Location" '' "$(header Location)"
}

test_parents_are_created_on_request_and_the_header_wins() {
  form -F "uploadFile=@$work/a.txt" -F directory=/made/one -F recursive=yes
  responded 200 0
  rejected -3 -F directory=/made/two
  rejected -3 -F directory=/made/two -F recursive=yes -H 'X-Agile-Recursive: no'
  form -F "uploadFile=@$work/a.txt" -F directory=/made/two -F recursive=no -H 'X-Agile-Recursive: yes'
  responded 200 0
}

test_the_content_type_of_the_part_is_the_default() {
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

test_an_empty_file_is_stored() {
  form -F "uploadFile=@$work/empty.txt"
  responded 200 0
  is X-Agile-Size 0 "$(header X-Agile-Size)"
}

test_a_form_without_exactly_one_file_is_rejected() {
  form -F directory=/in
  responded 400 -24
  form -d 'directory=/in'
  responded 400 -24
  form
  responded 400 -24
  rejected -25 -F "uploadFile=@$work/empty.txt"
}

test_errors_have_the_codes_of_this_endpoint() {
  rejected -8 -F directory=/in -F basename=sub
  rejected -8 -F basename=a..b
  rejected -21 -F expose_egress=NEVER
  rejected -26 -H "X-Agile-Checksum: ${UNKNOWN//-/}"
  rejected -27 -F mtime=yesterday
  rejected -33 -H 'X-Agile-Content-Type: video'
  rejected -33 -H 'X-Content-Type: auto'
  rejected -39 -F recursive=maybe
  rejected -39 -H 'X-Agile-Recursive: maybe'
  rejected -48 -H 'X-Agile-Content-Detect: guess'
}

run_tests
