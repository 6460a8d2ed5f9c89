#!/usr/bin/env bash
# Signed requests, with a key pair that a client requested (§7.4, §9).
# needs: curl openssl
# origin: --user jane:secret --user bob:hunter2 --key-pair AKEY:a-secret-key
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=signing.sh
source "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

# make_keys NAME PASSWORD: prints the access key and the secret key.
make_keys() {
  local token result
  token=$(login "$@")
  result=$(rpc initKeyPair "[\"$token\"]")
  is_like "the result" '\{"code": 0, "access_key": "[^"]+", "secret_key": "[^"]+"\}' "$result"
  printf '%s %s' "$(member access_key <<<"$result")" "$(member secret_key <<<"$result")"
}

test_a_new_key_pair_replaces_the_old_one_of_its_user() {
  local access secret id token
  signed AKEY a-secret-key /multipart/create
  responded 200 0
  read -r access secret <<<"$(make_keys bob hunter2)"
  signed AKEY a-secret-key /multipart/create
  responded 403 -10001
  signed "$access" "$secret" /multipart/create 'X-Agile-Basename: bob.txt'
  responded 200 0
  id=$(header X-Agile-Multipart)
  token=$(login bob hunter2)
  is_like "his" '\{"path": "/acme/bob.txt".*' "$(rpc getMultipartStatus "[\"$token\", \"$id\"]")"
}

run_tests
