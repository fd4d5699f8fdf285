#!/usr/bin/env bash
# Stands in for gcloud: writes down each call in $FAKE/calls, remembers in $FAKE/things what was made and granted, and answers
# NOT_FOUND for the rest. $FAKE/fault holds lines `PATTERN<tab>MESSAGE`: a call that matches the first one fails with it, and
# takes it off. Where $FAKE/keep-source is, $FAKE/source becomes a copy of the first sources that are deployed.
set -euo pipefail
printf -v line '%s\t' "$@"
echo "$line" >>"$FAKE/calls"
things=$FAKE/things
: >>"$things"
mapfile -t there <"$things"
line="$*" words=() member='' role=''
for word in "$@"; do
  case "$word" in
    --member=*) member=${word#*=} ;;
    --role=*) role=${word#*=} ;;
    --lifecycle-file=*) [[ -e ${word#*=} ]] || echo "missing $word" >>"$things" ;;
    --source=*) [[ ! -f $FAKE/keep-source || -d $FAKE/source ]] || cp -R "${word#*=}" "$FAKE/source" ;;
    --*) ;;
    *) words+=("$word") ;;
  esac
done
sentence="${words[*]}" name=${words[-1]}
[[ $sentence != 'iam service-accounts create '* ]] || name+=@my-project.iam.gserviceaccount.com

stop() { echo "ERROR: $1" >&2 && exit 1; }
has() {
  local thing
  for thing in "${there[@]}"; do [[ $thing != "$1" ]] || return 0; done
  return 1
}
add() { has "$1" || echo "$1" >>"$things"; }
drop() {
  local thing
  for thing in "${there[@]}"; do [[ $thing =~ ^($1)$ ]] || echo "$thing"; done >"$things"
}

if [[ -f $FAKE/fault ]] && IFS=$'\t' read -r pattern message <"$FAKE/fault" && [[ $line =~ $pattern ]]; then
  sed 1d "$FAKE/fault" >"$FAKE/fault.new" && mv "$FAKE/fault.new" "$FAKE/fault"
  stop "$message"
fi
case "$sentence" in
  'auth list') [[ -f $FAKE/logged-out ]] || echo somebody@example.com ;;
  'storage service-agent') echo service-1@example.com ;;
  'projects describe '*)
    [[ $line != *'value(projectNumber)'* ]] || echo 1234
    ;;
  'beta services identity create' | 'services enable '*) ;;
  *' get-iam-policy '*)
    for thing in "${there[@]}"; do [[ $thing != "grant $name "* ]] || echo "${thing#"grant $name "}"; done
    ;;
  *' add-iam-policy-binding '*) add "grant $name $member,$role" ;;
  *' add-invoker-policy-binding '*) add "grant $name $member,roles/run.invoker" ;;
  *' remove-iam-policy-binding '*) drop "grant $name $member,$role" ;;
  'iam roles undelete '*) drop "deleted $name" ;;
  # A deleted role is still found for weeks.
  'iam roles delete '*) has "$name" && add "deleted $name" ;;
  *' describe '*)
    has "$name" || stop "NOT_FOUND: $name was not found"
    case "$line" in
      *'value(location)'*) cat "$FAKE/location" 2>/dev/null || echo EUROPE-WEST4 ;;
      *'value(serviceConfig.uri)'*) echo "https://$name.run.app" ;;
      *'value(deleted)'*) ! has "deleted $name" || echo True ;;
    esac
    ;;
  *' create '* | 'functions deploy '*) add "$name" ;;
  *' update '*) has "$name" || stop "NOT_FOUND: $name" ;;
  *' delete '* | 'storage rm '*) has "$name" && drop "$name|grant $name .*" ;;
  *) stop "the stand-in does not know: $sentence" ;;
esac
