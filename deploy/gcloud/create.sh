# shellcheck shell=bash disable=SC2154 # deploy.sh, which sources this, sets the names.
# Makes everything, in order of need. Every step looks before it creates, or sets what is wanted.

enable_services() {
  local services=(cloudbuild run cloudfunctions artifactregistry eventarc pubsub storage iam logging cloudscheduler)
  [[ $engine == patchmatch ]] || services+=(aiplatform)
  heading 'services'
  run gcloud services enable "${services[@]/%/.googleapis.com}" --project="$project"
}

ensure_bucket() { # BUCKET
  unless_there gcloud storage buckets describe "$1" -- \
    gcloud storage buckets create "$1" --project="$project" --location="$region" \
    --uniform-bucket-level-access --public-access-prevention
  $is_dry_run || assert_region "$1"
}

# Events go only to a trigger in the region of the bucket.
assert_region() { # BUCKET
  local location
  location=$(gcloud storage buckets describe "$1" --format='value(location)' | tr '[:upper:]' '[:lower:]')
  [[ $location == "$region" ]] ||
    fail 5 BUCKET_ELSEWHERE "Expected $1 in $region, got $location: use that region, or delete the bucket"
}

ensure_buckets() {
  local bucket
  heading 'buckets for uploads, results and claims'
  for bucket in "$input_bucket" "$output_bucket" "$control_bucket"; do ensure_bucket "$bucket"; done
  # The manifest records a finished job, so claims and raw answers need not be kept, not even deleted ones.
  run gcloud storage buckets update "$control_bucket" --clear-soft-delete \
    --lifecycle-file=deploy/gcloud/control-lifecycle.json
}

ensure_identity() { # IDENTITY SENTENCE
  unless_there gcloud iam service-accounts describe "$(email_of "$1")" --project="$project" -- \
    gcloud iam service-accounts create "$1" --display-name="$2" --project="$project"
}

# Predefined roles hold more: each with the right to update may delete, each with the right to ask models may create them.
ensure_roles() {
  heading 'role on the control bucket: everything but delete'
  ensure_role "$control_role" 'Claims of the inpainting trial' \
    storage.objects.create,storage.objects.get,storage.objects.list,storage.objects.update
  [[ $engine != patchmatch ]] || return 0
  heading 'role on models: asks, no more'
  ensure_role "$model_role" 'Calls of models by the inpainting trial' aiplatform.endpoints.predict
}

ensure_role() { # ROLE TITLE PERMISSIONS
  unless_there gcloud iam roles describe "$1" --project="$project" -- \
    gcloud iam roles create "$1" --project="$project" --title="$2" --permissions="$3"
  ! role_is_deleted "$1" || run gcloud iam roles undelete "$1" --project="$project"
  run gcloud iam roles update "$1" --project="$project" --permissions="$3" --quiet
}

# A deleted role is still found for weeks, under its name.
role_is_deleted() { # ROLE
  local deleted
  ! $is_dry_run &&
    deleted=$(gcloud iam roles describe "$1" --project="$project" --format='value(deleted)' 2>&1) &&
    [[ $deleted == True ]]
}

grant_on_project() { # MEMBER ROLE [CONDITION]
  run_when_settled gcloud projects add-iam-policy-binding "$project" --member="$1" --role="$2" \
    --condition="${3:-None}"
}

# Beside a right with a condition, one without must say so.
grant_on_bucket() { # BUCKET IDENTITY ROLE [CONDITION]
  run_when_settled gcloud storage buckets add-iam-policy-binding "$1" \
    --member="$(member_of "$2")" --role="$3" --condition="${4:-None}"
}

ensure_job_identities() {
  heading 'identities of onUpload and sweep: read uploads, create results'
  ensure_job_identity "$upload_function" 'Runs onUpload'
  ensure_job_identity "$sweep_function" 'Runs sweep'
}

ensure_job_identity() { # IDENTITY SENTENCE
  ensure_identity "$1" "$2"
  grant_on_bucket "$input_bucket" "$1" roles/storage.objectViewer
  grant_on_bucket "$output_bucket" "$1" roles/storage.objectViewer
  grant_on_bucket "$output_bucket" "$1" roles/storage.objectCreator
  grant_on_bucket "$control_bucket" "$1" "projects/$project/roles/$control_role"
  grant_model "$1"
}

ensure_edit_identity() {
  heading 'identity of edit: no pictures, only what it spends'
  ensure_identity "$edit_function" 'Runs edit'
  grant_on_bucket "$control_bucket" "$edit_function" "projects/$project/roles/$control_role" \
    "title=costs,expression=resource.name.startsWith(\"projects/_/buckets/${control_bucket#gs://}/objects/cost/\")"
  grant_model "$edit_function"
}

# Deployments of version 0.1 gave more: to create and delete models, too.
take_old_rights() {
  local identity
  heading 'rights that version 0.1 gave'
  for identity in "$upload_function" "$sweep_function" "$edit_function"; do
    revoke "$(member_of "$identity")" roles/aiplatform.user "$project" gcloud projects
  done
}

grant_model() { # IDENTITY
  [[ $engine == patchmatch ]] || grant_on_project "$(member_of "$1")" "projects/$project/roles/$model_role"
}

ensure_callers() {
  heading 'identity of the clock: calls sweep (below)'
  ensure_identity "$scheduler_identity" 'Calls sweep'
  heading 'identity of the trigger: receives events, and calls onUpload (below)'
  ensure_identity "$trigger_identity" 'Delivers uploads to onUpload'
  grant_on_project "$(member_of "$trigger_identity")" roles/eventarc.eventReceiver
}

ensure_builder() {
  local member images=(gcloud artifacts repositories)
  member=$(member_of "$builder_identity")
  heading 'identity of the build: reads the sources, writes the images and its log'
  unless_there "${images[@]}" describe "$repository" --project="$project" --location="$region" -- \
    "${images[@]}" create "$repository" --project="$project" --location="$region" --repository-format=docker
  ensure_identity "$builder_identity" 'Builds the functions'
  run_when_settled "${images[@]}" add-iam-policy-binding "$repository" --project="$project" \
    --location="$region" --member="$member" --role=roles/artifactregistry.writer
  grant_on_project "$member" roles/logging.logWriter
  # The first deployment makes the bucket of the sources; only the beginning of its name is known.
  grant_on_project "$member" roles/storage.objectViewer \
    'title=sources,expression=resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")'
}

# Cloud Storage publishes an event, Eventarc watches for it, and Pub/Sub carries it to onUpload with a token of the
# trigger's identity. Each acts as an agent that is made when it is first needed: too late to have its rights.
ensure_agents() {
  local service
  heading 'agents of Google that carry events: Cloud Storage publishes, Eventarc watches, Pub/Sub makes tokens'
  learn STORAGE_AGENT gcloud storage service-agent --project="$project"
  learn PROJECT_NUMBER gcloud projects describe "$project" --format='value(projectNumber)'
  for service in pubsub eventarc; do
    run gcloud beta services identity create --service="$service.googleapis.com" --project="$project" --quiet
  done
  grant_on_project "serviceAccount:$STORAGE_AGENT" roles/pubsub.publisher
  grant_on_project "serviceAccount:service-$PROJECT_NUMBER@gcp-sa-eventarc.iam.gserviceaccount.com" \
    roles/eventarc.serviceAgent
  run_when_settled gcloud iam service-accounts add-iam-policy-binding "$(email_of "$trigger_identity")" \
    --project="$project" --role=roles/iam.serviceAccountTokenCreator --condition=None \
    --member="serviceAccount:service-$PROJECT_NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# Joins NAME=VALUE of every setting for --set-env-vars.
settings_of() { # NAME=VALUE...
  # Without NODE_ENV=production the framework answers errors with a page of paths. Without MALLOC_ARENA_MAX=1
  # each thread of libvips keeps memory of its own: up to half more for a large picture, and no time saved.
  # Young objects are few beside the pictures: by default node keeps three times as much room for them.
  local all=("GOOGLE_CLOUD_PROJECT=$project" "ENGINE=$engine" NODE_ENV=production MALLOC_ARENA_MAX=1
    NODE_OPTIONS=--max-semi-space-size=8 "$@"
    "CONTROL_BUCKET=${control_bucket#gs://}")
  [[ -z $daily_cap_usd ]] || all+=("DAILY_COST_CAP_USD=$daily_cap_usd")
  [[ -z $model ]] || all+=("MODEL=$model")
  [[ -z $location ]] || all+=("LOCATION=$location")
  [[ -z $endpoint_id ]] || all+=("ENDPOINT_ID=$endpoint_id")
  local IFS=,
  printf '%s' "${all[*]}"
}

# A build installs what functions need and not what only tests do: deploy/cloud lists the packages. Of what is copied,
# gcloud takes what .gcloudignore lets through.
stage_source() {
  heading 'the sources, with the packages that functions need'
  learn SOURCE mktemp -d
  # What a printed script removes at its end, this one does too.
  if $is_dry_run; then echo "trap 'rm -rf \"\$SOURCE\"' EXIT"; else trap 'rm -rf "$SOURCE"' EXIT; fi
  run mkdir "$SOURCE/deploy"
  run cp -R .gcloudignore functions lib tsconfig.json "$SOURCE"
  run cp deploy/build-page.js deploy/build.js deploy/kernels.js deploy/prepare.js "$SOURCE/deploy"
  run cp deploy/cloud/package.json deploy/cloud/package-lock.json "$SOURCE"
}

# An instance takes one picture at a time: an edit uses both cores and most of the memory.
deploy_function() { # NAME ENTRY-POINT SETTINGS FLAG...
  run_when_settled gcloud functions deploy "$1" --gen2 --quiet --project="$project" --region="$region" \
    --runtime=nodejs24 --source="$SOURCE" --entry-point="$2" \
    --run-service-account="$(email_of "$1")" \
    --build-service-account="projects/$project/serviceAccounts/$(email_of "$builder_identity")" \
    --docker-repository="projects/$project/locations/$region/repositories/$repository" \
    --memory=4Gi --cpu=2 --concurrency=1 --timeout=540s --min-instances=0 \
    --set-env-vars="$3" "${@:4}"
}

deploy_edit() {
  heading 'edit: called by HTTP, with an identity'
  deploy_function "$edit_function" edit "$(settings_of)" "--max-instances=$max_instances" \
    --trigger-http --no-allow-unauthenticated --ingress-settings=all
}

job_settings() {
  settings_of "INPUT_BUCKET=${input_bucket#gs://}" "OUTPUT_BUCKET=${output_bucket#gs://}"
}

deploy_upload() {
  heading 'onUpload: called for each upload; without --retry a passing error would lose an event'
  deploy_function "$upload_function" onUpload "$(job_settings)" "--max-instances=$max_instances" \
    --trigger-bucket="${input_bucket#gs://}" --trigger-location="$region" --retry \
    --trigger-service-account="$(email_of "$trigger_identity")" --ingress-settings=internal-only
  let_call "$upload_function" "$trigger_identity"
}

let_call() { # FUNCTION IDENTITY
  run_when_settled gcloud functions add-invoker-policy-binding "$1" --project="$project" \
    --region="$region" --member="$(member_of "$2")"
}

# Events are kept for a day. What came before the trigger, or waited for longer, only the sweep finds.
deploy_sweep() {
  heading 'sweep: called by the clock, edits what no event did'
  deploy_function "$sweep_function" sweep "$(job_settings)" --max-instances=1 \
    --trigger-http --no-allow-unauthenticated --ingress-settings=internal-only
  let_call "$sweep_function" "$scheduler_identity"
  learn SWEEP_URL gcloud functions describe "$sweep_function" --project="$project" --region="$region" \
    --format='value(serviceConfig.uri)'
  unless_there gcloud scheduler jobs describe "$sweep_schedule" --project="$project" --location="$region" -- \
    gcloud scheduler jobs create http "$sweep_schedule" --project="$project" --location="$region" \
    --schedule='*/10 * * * *' --time-zone=Etc/UTC --attempt-deadline=600s --uri="$SWEEP_URL" --http-method=POST \
    --headers=Content-Type=application/json --message-body='{}' \
    --oidc-service-account-email="$(email_of "$scheduler_identity")" --oidc-token-audience="$SWEEP_URL"
}

# What a function would refuse when it starts is told before anything is made, by the same code.
check_settings() {
  local node=node_modules/.bin/node settings
  if [[ ! -x $node ]]; then
    echo 'Settings are not checked here: run npm ci first, or read the log of the functions when they do not start.' >&2
    return
  fi
  IFS=, read -ra settings <<<"$(job_settings)"
  env -i PATH="$PATH" "${settings[@]}" "$node" deploy/check-config.ts onUpload
}

deploy() {
  enable_services
  ensure_buckets
  ensure_roles
  ensure_job_identities
  ensure_edit_identity
  take_old_rights
  ensure_callers
  ensure_builder
  ensure_agents
  stage_source
  wait_for_rights
  deploy_edit
  deploy_upload
  deploy_sweep
  say_what_to_try
}

say_what_to_try() {
  heading 'what to try'
  sed "$($is_dry_run && printf 's/^/# /')" <<TEXT
gcloud storage cp photo.jpg photo.mask.png $input_bucket/
gcloud storage ls -r $output_bucket/photo.jpg/
URL=\$(gcloud functions describe $edit_function --project=$project --region=$region --format='value(serviceConfig.uri)')
curl -H "Authorization: Bearer \$(gcloud auth print-identity-token)" -F image=@photo.jpg -F mask=@photo.mask.png "\$URL" -o out.jpg
gcloud functions logs read $upload_function --project=$project --region=$region --limit=20
gcloud functions add-invoker-policy-binding $edit_function --project=$project --region=$region --member=user:SOMEBODY-ELSE
TEXT
}

