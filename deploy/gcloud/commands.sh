# shellcheck shell=bash disable=SC2154 # deploy.sh, which sources this, sets the names.
# Runs gcloud, or prints what would be run. Reads: is_dry_run.

has_made_something=false

heading() {
  if $is_dry_run; then printf '\n# %s\n' "$1"; else printf '== %s\n' "$1"; fi
}

# Quotes words for a shell. The variables that a printed script sets itself stay to be expanded.
quoted() { # WORD...
  local word line=''
  for word in "$@"; do
    case "$word" in
      \$SOURCE*) line+=" \"$word\"" ;;
      --*=*\$SOURCE* | --*=*\$STORAGE_AGENT* | --*=*\$PROJECT_NUMBER* | --*=*\$SWEEP_URL*) line+=" ${word%%=*}=\"${word#*=}\"" ;;
      --*=*[!A-Za-z0-9_./:=@,+-]*) line+=" ${word%%=*}='${word#*=}'" ;;
      *[!A-Za-z0-9_./:=@,+-]*) line+=" '$word'" ;;
      *) line+=" $word" ;;
    esac
  done
  printf '%s' "${line# }"
}

run() { # COMMAND...
  if $is_dry_run; then printf '%s\n' "$(quoted "$@")"; else "$@"; fi
}

# gcloud's words about what is seconds old: an identity, a role, a right, a project that is new to builds or events.
unsettled='does not exist|Eventarc Service Agent|few minutes'
unsettled+='|Access to bucket gcf-v2-sources-[^ ]+ denied|iam\.serviceaccounts\.actAs.+denied'
unsettled+='|Unable to retrieve the repository metadata|unable to publish to Cloud Pub/Sub topics'
unsettled+='|could not be validated.+Eventarc service account|eventarc\.events\.receiveEvent.+denied'

# Sets a variable to what a command prints. A printed script does so itself.
learn() { # VARIABLE COMMAND...
  local answer
  if $is_dry_run; then
    printf '%s=$(%s)\n' "$1" "$(quoted "${@:2}")"
    answer="\$$1"
  else
    answer=$("${@:2}")
  fi
  printf -v "$1" '%s' "$answer"
}

# Runs a command, and repeats it after a while when something is not known everywhere yet.
run_when_settled() { # COMMAND...
  local wait_seconds messages status
  if $is_dry_run; then
    run "$@"
    return
  fi
  for wait_seconds in 10 20 40 60 120 0; do
    status=0
    messages=$("$@" 2>&1 >/dev/null | tee >(cat >&2)) || status=$?
    ((status != 0)) || return 0
    grep -qiE "$unsettled" <<<"$messages" ||
      fail "$status" STEP_FAILED "Expected ${*:1:4} to go through, got the refusal above: mend it and run this again"
    ((wait_seconds > 0)) ||
      fail "$status" NOT_SETTLED "Expected ${*:1:4} to go through within minutes: run this again in half an hour"
    printf '   not known everywhere yet, trying again in %s s\n' "$wait_seconds"
    sleep "$wait_seconds"
  done
}

# After something was made: a build that starts before its rights are known everywhere fails.
wait_for_rights() {
  $has_made_something || $is_dry_run || return 0
  heading "waiting ${RIGHTS_WAIT_SECONDS:=180} s until new rights are known everywhere"
  run sleep "$RIGHTS_WAIT_SECONDS"
}

# True when the thing exists, false when it does not. Any other answer ends the script.
is_there() { # DESCRIBE...
  local messages
  messages=$("$@" 2>&1 >/dev/null) && return 0
  grep -qiE 'not[ _]found|\b404\b|does not exist' <<<"$messages" && return 1
  printf '%s\n' "$messages" >&2
  fail 4 PROJECT_REFUSED "Expected an answer to $(quoted "$@"), got a refusal"
}

unless_there() { run_if absent "$@"; } # DESCRIBE... -- COMMAND...
when_there() { run_if present "$@"; }  # DESCRIBE... -- COMMAND...

run_if() { # present|absent DESCRIBE... -- COMMAND...
  local wanted=$1 found=absent describe=()
  shift
  while [[ $1 != -- ]]; do
    describe+=("$1")
    shift
  done
  shift
  if $is_dry_run; then
    local operator='||'
    [[ $wanted == absent ]] || operator='&&'
    printf '%s >/dev/null 2>&1 %s\n  %s\n' "$(quoted "${describe[@]}")" "$operator" "$(quoted "$@")"
    return
  fi
  ! is_there "${describe[@]}" || found=present
  [[ $found == "$wanted" ]] || return 0
  "$@"
  has_made_something=true
}

# Takes a right that is there; a printed script tries it.
revoke() { # MEMBER ROLE WHERE GCLOUD-GROUP...
  local group=("${@:4}") policy
  if $is_dry_run; then
    printf '%s || true\n' "$(quoted "${group[@]}" remove-iam-policy-binding "$3" --member="$1" --role="$2" --all)"
    return
  fi
  # A deleted bucket has no policy.
  policy=$("${group[@]}" get-iam-policy "$3" --flatten='bindings[].members' \
    --format='csv[no-heading](bindings.members,bindings.role)') || return 0
  ! grep -qxF "$1,$2" <<<"$policy" ||
    "${group[@]}" remove-iam-policy-binding "$3" --member="$1" --role="$2" --all >/dev/null
}
