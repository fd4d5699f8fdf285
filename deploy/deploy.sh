#!/usr/bin/env bash
# The smallest deployment, for a first trial, with gcloud alone: no state file, no queue. Every step looks before it
# creates, or sets what is wanted. Running it again changes nothing, or repairs.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/deploy.sh PROJECT REGION [options]

Deploys the functions onUpload, edit and sweep to Google Cloud, with three buckets and one identity for each function.
Run it again after a change: it keeps or updates what exists. After it has made something it waits 180 s
(RIGHTS_WAIT_SECONDS) until new rights are known everywhere, and then repeats what is still refused for up to 5 minutes.

  --engine NAME        patchmatch (default, no model), gemini, imagen, imagen2 or endpoint
  --model ID           model of the engine; default: the engine's default
  --location NAME      location of the model; default: that of the table of models. --engine endpoint needs it
  --endpoint-id ID     endpoint of a self-deployed model, for --engine endpoint
  --daily-cap-usd N    estimated model costs of one day (UTC) beyond which jobs wait and edit refuses; none: no cap;
                       default: 20 for a model with a known price
  --max-instances N    most instances of each function, of 2 vCPU and 4 GiB, 1 to 1000; default: 10, which is the
                       quota of a new project in a region
  --dry-run            print every command as a shell script and run none; needs neither gcloud nor a login
  --destroy            delete everything again, after a question; pictures only after a second question
  --help

It needs gcloud with a login that owns the project (gcloud auth login), and a project with billing. After npm ci it also
checks the settings, by the code with which functions do so when they start.

Exit status: 2 for a wrong command line or settings that functions would refuse, 3 when gcloud is missing or not
logged in, 4 when the project does not answer, 5 when a bucket is in another region, else the status of the gcloud
command that failed.
TEXT
}

fail() { # STATUS CODE SENTENCE
  printf '%s: %s\n' "$2" "$3" >&2
  exit "$1"
}

# --- command line ---

project='' region='' engine='patchmatch' model='' location='' endpoint_id='' daily_cap_usd='' max_instances=10
is_dry_run=false is_destroy=false

read_options() {
  local places=()
  while (($# > 0)); do
    case "$1" in
      --engine | --model | --location | --endpoint-id | --daily-cap-usd | --max-instances)
        (($# > 1)) || fail 2 OPTION_INVALID "Expected a value after $1, got none"
        read_option "$1" "$2"
        shift
        ;;
      --dry-run) is_dry_run=true ;;
      --destroy) is_destroy=true ;;
      --help | -h) usage && exit 0 ;;
      -*) fail 2 OPTION_UNKNOWN "Expected an option of deploy/deploy.sh --help, got $1" ;;
      *) places+=("$1") ;;
    esac
    shift
  done
  read_places ${places[@]+"${places[@]}"}
}

read_option() { # OPTION VALUE
  case "$1" in
    --engine) engine=$(matching "$1" "$2" '^(patchmatch|gemini|imagen|imagen2|endpoint)$' \
      'patchmatch, gemini, imagen, imagen2 or endpoint') ;;
    --model) model=$(matching "$1" "$2" '^[A-Za-z0-9._@-]+$' 'the id of a model') ;;
    --location) location=$(matching "$1" "$2" '^[a-z]+(-[a-z]+[0-9]+)?$' 'a location such as global, eu or us-central1') ;;
    --endpoint-id) endpoint_id=$(matching "$1" "$2" '^[A-Za-z0-9-]+$' 'the id of an endpoint') ;;
    --daily-cap-usd) daily_cap_usd=$(matching "$1" "$2" '^([0-9]+(\.[0-9]+)?|none)$' 'USD such as 20 or 2.50, or none') ;;
    --max-instances) max_instances=$(matching "$1" "$2" '^([1-9][0-9]{0,2}|1000)$' 'a whole number from 1 to 1000') ;;
  esac
}

read_places() { # PROJECT REGION
  (($# >= 1)) || fail 2 PROJECT_MISSING 'Expected PROJECT REGION, got nothing; see --help'
  (($# >= 2)) || fail 2 REGION_MISSING "Expected a region after $1, for example europe-west4, got none"
  (($# == 2)) || fail 2 OPTION_UNKNOWN "Expected PROJECT REGION, got also $3"
  project=$(matching PROJECT "$1" '^[a-z][a-z0-9-]{4,28}[a-z0-9]$' \
    'the id of a project, 6 to 30 lower-case letters, digits and hyphens')
  region=$(matching REGION "$2" '^[a-z]+-[a-z]+[0-9]+$' 'a region such as europe-west4, no zone and no multi-region')
  [[ $engine != endpoint || -n $endpoint_id ]] ||
    fail 2 ENDPOINT_MISSING 'Expected --endpoint-id beside --engine endpoint, got none'
  [[ $engine != endpoint || -n $location ]] ||
    fail 2 LOCATION_MISSING 'Expected --location beside --engine endpoint, got none'
  [[ $engine != endpoint || -z $daily_cap_usd || $daily_cap_usd == none ]] ||
    fail 2 PRICE_MISSING "Expected no --daily-cap-usd beside --engine endpoint, which has no known price, got $daily_cap_usd"
  [[ $engine != patchmatch || -z $model ]] ||
    fail 2 ENGINE_MISSING "Expected --engine beside --model $model; patchmatch has no models"
}

matching() { # NAME VALUE PATTERN WORDS
  [[ $2 =~ $3 ]] || fail 2 OPTION_INVALID "Expected $1 as $4, got $2"
  printf '%s' "$2"
}

# --- names ---

# The prefix keeps this script, and --destroy above all, away from what deploy/terraform makes in the project.
name_things() {
  local prefix=inpaint-trial
  upload_function=$prefix-on-upload
  edit_function=$prefix-edit
  sweep_function=$prefix-sweep
  input_bucket=gs://$project-$prefix-input
  output_bucket=gs://$project-$prefix-output
  control_bucket=gs://$project-$prefix-control
  control_role=inpaint_trial_control
  model_role=inpaint_trial_ask_model
  repository=$prefix
  # A function has the name of its identity.
  trigger_identity=$prefix-trigger
  scheduler_identity=$prefix-scheduler
  sweep_schedule=$prefix-sweep-clock
  builder_identity=$prefix-builder
}

email_of() { printf '%s@%s.iam.gserviceaccount.com' "$1" "$project"; } # IDENTITY
member_of() { printf 'serviceAccount:%s' "$(email_of "$1")"; }         # IDENTITY

# --- what is needed ---

assert_ready() {
  command -v gcloud >/dev/null ||
    fail 3 TOOL_MISSING 'Expected gcloud on the PATH, found none: https://cloud.google.com/sdk/docs/install'
  [[ -n $(gcloud auth list --filter=status:ACTIVE --format='value(account)') ]] ||
    fail 3 LOGIN_MISSING 'Expected an active account, found none: run gcloud auth login'
  gcloud projects describe "$project" >/dev/null ||
    fail 4 PROJECT_REFUSED "Expected project $project to answer, got a refusal"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/gcloud/commands.sh
source "$here/gcloud/commands.sh"
# shellcheck source=deploy/gcloud/create.sh
source "$here/gcloud/create.sh"
# shellcheck source=deploy/gcloud/destroy.sh
source "$here/gcloud/destroy.sh"

read_options "$@"
name_things
# The sources around this script are uploaded.
cd "$here/.."
$is_destroy || check_settings
if $is_dry_run; then
  printf '#!/usr/bin/env bash\n# Run this beside package.json.\nset -euo pipefail\n'
else
  assert_ready
fi
if $is_destroy; then destroy; else deploy; fi
