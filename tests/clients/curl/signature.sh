#!/usr/bin/env bash
# Signed requests, with a configured key pair (§9).
# needs: curl openssl
# origin: --user jane:secret --user bob:hunter2 --dir /in --key-pair AKEY:a-secret-key
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=signing.sh
source "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

printf 'text' >"$work/text"

# by_keys PATH HEADER... [-- CURL ARGUMENT...]
by_keys() {
  signed AKEY a-secret-key "$@"
}

# with SIGNATURE PATH [CURL ARGUMENT]...
with() {
  local signature=$1 path=$2
  shift 2
  post "$path" -H "X-Agile-Signature: $signature" "$@"
}

test_every_endpoint_accepts_a_signature() {
  local id
  by_keys /post/directory 'X-Agile-Directory: /signed'
  responded 200 0
  by_keys /post/raw 'X-Agile-Directory: /signed' 'X-Agile-Basename: raw.txt' -- -d text
  responded 200 0
  by_keys /post/file -- -F "uploadFile=@$work/text" -F directory=/signed -F basename=form.txt
  responded 200 0
  by_keys /multipart/create 'X-Agile-Directory: /signed' 'X-Agile-Basename: pieces.txt'
  responded 200 0
  id=$(header X-Agile-Multipart)
  by_keys /multipart/piece "X-Agile-Multipart: $id" 'X-Agile-Part: 1' -- --data-binary "@$work/text"
  responded 200 0
  by_keys /multipart/complete "X-Agile-Multipart: $id"
  responded 200 0
  holds /signed/raw.txt "$work/text"
  holds /signed/form.txt "$work/text"
  holds /signed/pieces.txt "$work/text"
}

test_a_signature_authorizes_the_first_user() {
  local id token
  by_keys /multipart/create
  id=$(header X-Agile-Multipart)
  token=$(login)
  is_like "hers" '\{"path": .*' "$(rpc getMultipartStatus "[\"$token\", \"$id\"]")"
  token=$(login bob hunter2)
  is "not his" '{"code": -2}' "$(rpc getMultipartStatus "[\"$token\", \"$id\"]")"
}

test_login_rejects_signatures() {
  by_keys /account/login
  responded 400 -10001
}

test_values_are_signed_raw_or_percent_encoded() {
  by_keys /post/directory 'X-Agile-Directory: /with space & more=1' 'X-Agile-Recursive: true'
  responded 200 0
  with "$(signature AKEY a-secret-key /post/directory $LATER 'directory=%2Fa%20b%26c')" \
    /post/directory -H 'X-Agile-Directory: /a b&c'
  responded 200 0
  by_keys /post/directory 'X-Agile-Directory: /a b'
  responded 200 0
}

test_terms_are_accepted_in_any_order() {
  local text='/post/directory?recursive=true&directory=/order&expiry=4102444800&access_key=AKEY'
  with "$text&signature=$(mac "$text" a-secret-key)" /post/directory \
    -H 'X-Agile-Directory: /order' -H 'X-Agile-Recursive: true'
  responded 200 0
}

test_an_expiry_in_milliseconds_is_accepted() {
  with "$(signature AKEY a-secret-key /post/directory ${LATER}000 directory=/ms)" \
    /post/directory -H 'X-Agile-Directory: /ms'
  responded 200 0
}

test_a_signature_cannot_be_reused() {
  local once
  once=$(signature AKEY a-secret-key /post/directory "$(expiry)" directory=/once)
  with "$once" /post/directory -H 'X-Agile-Directory: /once'
  responded 200 0
  with "$once" /post/directory -H 'X-Agile-Directory: /once'
  responded 403 -10001
}

# forged ACCESS SECRET PATH EXPIRY TERM...: /post/directory rejects the signature for /x.
forged() {
  with "$(signature "$@")" /post/directory -H 'X-Agile-Directory: /x'
  responded 403 -10001
}

test_a_signature_that_is_not_over_this_request_is_403() {
  forged AKEY another-secret /post/directory $LATER directory=/x
  forged BKEY a-secret-key /post/directory $LATER directory=/x
  forged AKEY a-secret-key /multipart/create $LATER directory=/x
  forged AKEY a-secret-key /post/directory 1400000000 directory=/x
  forged AKEY a-secret-key /post/directory soon directory=/x
  forged AKEY a-secret-key /post/directory $LATER directory=/y
  forged AKEY a-secret-key /post/directory $LATER
  forged AKEY a-secret-key /post/directory $LATER directory=/x recursive=true
}

test_what_is_no_signature_is_403() {
  with nonsense /post/directory -H 'X-Agile-Directory: /x'
  responded 403 -10001
  with '/post/directory?access_key=AKEY&expiry=4102444800&directory=/x&signature=%%%' \
    /post/directory -H 'X-Agile-Directory: /x'
  responded 403 -10001
}

test_a_token_takes_precedence_over_a_signature() {
  with "$(signature AKEY a-secret-key /post/directory $LATER directory=/t)" \
    /post/directory -H 'X-Agile-Directory: /t' -H "X-Agile-Authorization: $UNKNOWN"
  responded 403 -10001
}

run_tests
