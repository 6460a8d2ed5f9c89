#!/usr/bin/env bash
# Signed requests, with a pair of keys that a client asked for (§7.4, §9).
# needs: curl openssl
# origin: --user jane:secret --user bob:hunter2 --key-pair AKEY:a-secret-key
# shellcheck source-path=SCRIPTDIR source=common.sh disable=SC2329  # run_tests finds the functions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=signing.sh
source "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

# make_keys NAME PASSWORD: prints access key and secret key.
make_keys() {
  local token result
  token=$(login "$@")
  result=$(rpc initKeyPair "[\"$token\"]")
  is_like "the result" '\{"code": 0, "access_key": "[^"]+", "secret_key": "[^"]+"\}' "$result"
  printf '%s %s' "$(member access_key <<<"$result")" "$(member secret_key <<<"$result")"
}

test_a_new_pair_replaces_the_earlier_one_and_acts_for_who_asked() {
  local access secret id token
  signed AKEY a-secret-key /multipart/create
  answered 200 0
  read -r access secret <<<"$(make_keys bob hunter2)"
  signed AKEY a-secret-key /multipart/create
  answered 403 -10001
  signed "$access" "$secret" /multipart/create 'X-Agile-Basename: bob.txt'
  answered 200 0
  id=$(header X-Agile-Multipart)
  token=$(login bob hunter2)
  is_like "his" '\{"path": "/acme/bob.txt".*' "$(rpc getMultipartStatus "[\"$token\", \"$id\"]")"
}

run_tests
