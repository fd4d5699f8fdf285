#!/usr/bin/env bash
# gcloud as far as deploy.sh needs it: remembers in $FAKE_GCLOUD what was made and granted, keeps every call there, and answers
# as gcloud does. $FAKE_GCLOUD/fault: `PATTERN<tab>MESSAGE` fails the calls that match once.
set -euo pipefail
for word in "$@"; do
  case "$word" in
    --source=*) files=("${word#*=}/package.json" "${word#*=}/.gcloudignore") ;;
    --lifecycle-file=*) files=("${word#*=}") ;;
    *) continue ;;
  esac
  for file in "${files[@]}"; do
    [[ -f $file ]] || { echo "ERROR: No such file: $PWD/$file" >&2 && exit 1; }
  done
done
cd "$FAKE_GCLOUD"
: >>things && : >>grants && : >>deleted-roles
{ printf '%s\t' "$@" && printf '\n'; } >>calls

words=() format='' member='' role=''
for word in "$@"; do
  case "$word" in
    --format=*) format=${word#*=} ;;
    --member=*) member=${word#*=} ;;
    --role=*) role=${word#*=} ;;
    --project=*) project=${word#*=} ;;
    --*) ;;
    *) words+=("$word") ;;
  esac
done
sentence="${words[*]}"
name=${words[${#words[@]} - 1]}

if [[ -f fault ]] && IFS=$'\t' read -r pattern message <fault && [[ $sentence =~ $pattern ]]; then
  rm fault
  echo "ERROR: $message" >&2
  exit 1
fi

# FILE LINE
has() { [[ $'\n'$(<"$1")$'\n' == *$'\n'"$2"$'\n'* ]]; }
add() { has "$1" "$2" || echo "$2" >>"$1"; }
drop() {
  local line lines
  mapfile -t lines <"$1"
  for line in "${lines[@]}"; do [[ $line == "$2" ]] || echo "$line"; done >"$1"
}
must_have() {
  has things "$1" && return
  echo "ERROR: (gcloud) NOT_FOUND: $1 was not found" >&2
  exit 1
}
identity() { case "$1" in *@*) echo "$1" ;; *) echo "$1@$project.iam.gserviceaccount.com" ;; esac; }

case "$sentence" in
  'auth list') [[ -f logged-out ]] || echo somebody@example.com ;;
  'projects describe '*) echo "projectId: $name" ;;
  'services enable '*) ;;
  'storage service-agent') echo service-1@gs-project-accounts.iam.gserviceaccount.com ;;
  *' get-iam-policy '*)
    while read -r thing holder right; do
      [[ $thing != "$name" ]] || echo "$holder,$right"
    done <grants
    ;;
  *' add-iam-policy-binding '*)
    case "$member" in serviceAccount:service-1@*) ;; *) must_have "${member#*:}" ;; esac
    add grants "$name $member $role"
    echo "Updated IAM policy for [$name]." >&2
    ;;
  *' remove-iam-policy-binding '*) drop grants "$name $member $role" ;;
  *' add-invoker-policy-binding '*) must_have "$name" && add grants "$name $member roles/run.invoker" ;;
  'iam roles undelete '*) drop deleted-roles "$name" ;;
  *' describe '*)
    must_have "$name"
    case "$format" in
      'value(location)') if [[ -f location ]]; then echo "$(<location)"; else echo EUROPE-WEST4; fi ;;
      'value(deleted)') ! has deleted-roles "$name" || echo True ;;
      *) echo "name: $name" ;;
    esac
    ;;
  *' update '*) must_have "$name" ;;
  'iam service-accounts create '*) add things "$(identity "$name")" ;;
  *' create '* | 'functions deploy '*) add things "$name" ;;
  # A deleted role can still be described.
  'iam roles delete '*)
    must_have "$name"
    ! has deleted-roles "$name" || { echo "ERROR: FAILED_PRECONDITION: $name is already deleted" >&2 && exit 1; }
    add deleted-roles "$name"
    ;;
  *' delete '* | 'storage rm '*) must_have "$name" && drop things "$name" ;;
  *) echo "ERROR: the fake does not know: $sentence" >&2 && exit 64 ;;
esac
