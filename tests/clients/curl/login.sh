#!/usr/bin/env bash
# Logins, credentials, routes and methods (§1, §2).
# needs: curl
# origin: --listen 127.0.0.1:0 --user jane:secret --user bob:hunter2 --dir /in --dir /in/grün
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

name=(-H 'X-Agile-Username: jane')
password=(-H 'X-Agile-Password: secret')
jane=("${name[@]}" "${password[@]}")

# --- logins (§2.4-§2.7) -------------------------------------------------------------------------

test_login_accepts_get_and_post() {
  local method token
  for method in GET POST; do
    send /account/login -X "$method" "${jane[@]}"
    responded 200 0
    is_like X-Agile-Token "$UUID" "$(header X-Agile-Token)"
    is_like X-Agile-Uid '[1-9][0-9]*' "$(header X-Agile-Uid)"
    is_like X-Agile-Gid '[1-9][0-9]*' "$(header X-Agile-Gid)"
    is X-Agile-Path /acme "$(header X-Agile-Path)"
    [[ $(header X-Agile-Token) != "${token:-}" ]] || fail "each login gives a token of its own"
    token=$(header X-Agile-Token)
  done
}

test_a_wrong_name_or_password_is_400() {
  send /account/login
  responded 400 -10001
  send /account/login "${name[@]}"
  responded 400 -10001
  send /account/login "${name[@]}" -H 'X-Agile-Password: wrong'
  responded 400 -10001
  send /account/login -H 'X-Agile-Username: nobody' "${password[@]}"
  responded 400 -10001
}

test_login_rejects_an_invalid_expiry() {
  local expiry
  for expiry in 0 -1 soon 1.5; do
    send /account/login "${jane[@]}" -H "X-Agile-Expiry: $expiry"
    responded 400 -34
  done
  send /account/login "${jane[@]}" -H 'X-Agile-Expiry: 60'
  responded 200 0
}

test_a_token_expires() {
  send /account/login "${jane[@]}" -H 'X-Agile-Expiry: 1'
  responded 200 0
  within 10 is_dead "$(header X-Agile-Token)"
}

is_dead() {
  make_directory "$1"
  [[ $status == 403 ]]
}

make_directory() {
  post /post/directory -H "X-Agile-Authorization: $1" -H "X-Agile-Directory: ${2:-/}"
}

test_a_login_directory_is_the_root_of_its_token() {
  local token
  send /account/login "${jane[@]}" -H 'X-Agile-Subdir: in/'
  responded 200 0
  is X-Agile-Path /acme/in "$(header X-Agile-Path)"
  token=$(header X-Agile-Token)
  post /multipart/create -H "X-Agile-Authorization: $token" -H 'X-Agile-Basename: a.txt'
  responded 200 0
  is X-Agile-Path /acme/in/a.txt "$(header X-Agile-Path)"
  send /account/login "${jane[@]}" -H 'X-Agile-Subdir: /nowhere'
  responded 400 -47
}

test_a_subdirectory_in_utf8_comes_raw_or_quoted() {
  local encoding subdir
  for encoding in X-Agile-Encoding X-Agile-Content-Encoding; do
    for subdir in /in/grün /in/gr%C3%BCn; do
      send /account/login "${jane[@]}" -H "$encoding: UTF8" -H "X-Agile-Subdir: $subdir"
      responded 200 0
      is X-Agile-Path /acme/in/grün "$(header X-Agile-Path)"
      make_directory "$(header X-Agile-Token)"
      is "a live token" 200 "$status"
    done
  done
}

test_unreadable_login_headers_give_an_unusable_token() {
  send /account/login "${jane[@]}" -H 'X-Agile-Encoding: EBCDIC'
  responded 200 0
  make_directory "$(header X-Agile-Token)"
  is "a dead token" 403 "$status"
  send /account/login "${jane[@]}" -H 'X-Agile-Subdir: /in/grün'
  responded 200 0
  make_directory "$(header X-Agile-Token)"
  is "a dead token" 403 "$status"
}

# --- credentials (§2.3) -------------------------------------------------------------------------

test_no_token_is_401_and_a_wrong_one_403_everywhere() {
  local path
  for path in /multipart/create /multipart/piece /multipart/complete /post/raw /post/file /post/directory; do
    post "$path"
    responded 401 -10001
    post "$path" -H 'X-Agile-Authorization;'
    responded 401 -10001
    post "$path" -H "X-Agile-Authorization: $UNKNOWN"
    responded 403 -10001
  done
}

test_only_post_file_accepts_a_token_in_the_query() {
  local token
  token=$(login)
  post "/post/file?token=$token"
  responded 400 -24
  post "/post/file?token=$UNKNOWN"
  responded 403 -10001
  post "/multipart/create?token=$token"
  responded 401 -10001
}

test_only_the_first_credentials_are_checked() {
  local token
  token=$(login)
  post "/post/file?token=$token" -H "X-Agile-Authorization: $UNKNOWN"
  responded 403 -10001
}

test_a_logged_out_token_is_403() {
  local token
  token=$(login)
  is "the result of logout" 0 "$(rpc logout "[\"$token\"]")"
  make_directory "$token"
  responded 403 -10001
}

test_an_upload_belongs_to_the_user_that_created_it() {
  local id
  post /multipart/create -H "X-Agile-Authorization: $(login)"
  responded 200 0
  id=$(header X-Agile-Multipart)
  post /multipart/piece -H "X-Agile-Authorization: $(login bob hunter2)" \
    -H "X-Agile-Multipart: $id" -H 'X-Agile-Part: 1' -d text
  responded 400 -2
}

# --- common rules (§1) --------------------------------------------------------------------------

test_other_methods_are_405_without_a_code() {
  local path
  for path in /multipart/piece /post/raw /post/file /jsonrpc /jsonrpc2; do
    send "$path"
    not_allowed
    is Allow 'POST, OPTIONS' "$(header Allow)"
  done
  for path in /account/login /multipart/create /multipart/complete /post/directory; do
    send "$path" --head
    not_allowed
    send "$path" -X PUT -d text
    not_allowed
    send "$path" -X DELETE
    not_allowed
  done
}

not_allowed() {
  plain_response 405
  is_like Allow '.*POST.*' "$(header Allow)"
  is "no X-Agile-Status" '' "$(header X-Agile-Status)"
}

test_unknown_routes_are_404_without_a_code() {
  local path method
  for path in /multipart/merge /account /nowhere /jsonrpc3; do
    post "$path" -d text
    is_unknown
  done
  for method in GET PUT DELETE; do
    send /multipart/merge -X "$method"
    is_unknown
  done
}

is_unknown() {
  plain_response 404
  is "no X-Agile-Status" '' "$(header X-Agile-Status)"
}

test_options_is_200_everywhere_with_no_body() {
  local path
  for path in / /account/login /multipart/piece /post/file /jsonrpc /in/none.txt /nowhere; do
    send "$path" -X OPTIONS -H 'Origin: http://app.example' -H 'Access-Control-Request-Method: POST'
    plain_response 200
    is "no X-Agile-Status" '' "$(header X-Agile-Status)"
    is "the size of the body" 0 "$(body_bytes)"
  done
}

test_repeated_slashes_are_merged() {
  send //account///login "${jane[@]}"
  responded 200 0
  post //jsonrpc -d '{"id": 1, "method": "ping", "params": []}'
  plain_response 200
}

test_two_ports_serve_one_origin() {
  local token other
  token=$(login)
  other=${ORIGINS##* }
  [[ $other != "$ORIGIN" ]] || fail "there is a second listener"
  request "$other/post/directory" -X POST -H "X-Agile-Authorization: $token" -H 'X-Agile-Directory: /both'
  responded 200 0
  make_directory "$token" /both/in
  responded 200 0
}

test_the_first_of_repeated_headers_is_used() {
  send /account/login "${jane[@]}" -H 'X-Agile-Username: bob' -H 'X-Agile-Expiry: 60' -H 'X-Agile-Expiry: soon'
  responded 200 0
}

test_header_names_are_case_insensitive() {
  send /account/login -H 'x-agile-username: jane' -H 'X-AGILE-PASSWORD: secret'
  responded 200 0
}

test_http_1_0_is_answered() {
  send /account/login --http1.0 "${jane[@]}"
  responded 200 0
}

test_successes_keep_the_connection() {
  local connects
  connects=$(curl --silent --http1.1 --output /dev/null --write-out '%{num_connects}\n' "${jane[@]}" \
    "$ORIGIN/account/login" --next --silent --http1.1 --output /dev/null \
    --write-out '%{num_connects}\n' "${jane[@]}" "$ORIGIN/account/login")
  is "connections made, by request" $'1\n0' "$connects"
}

run_tests
