# shellcheck shell=bash disable=SC2154 # deploy.sh, which sources this, sets the names.
# Undoes create.sh, functions first. Pictures stay unless a second question is answered.

destroy() {
  if ! confirmed "Delete the functions, identities and control bucket of $project?" yes; then
    echo 'Nothing was deleted.'
    return
  fi
  heading 'the clock, and functions with the trigger'
  when_there gcloud scheduler jobs describe "$sweep_schedule" --project="$project" --location="$region" -- \
    gcloud scheduler jobs delete "$sweep_schedule" --project="$project" --location="$region" --quiet
  delete_function "$sweep_function"
  delete_function "$upload_function"
  delete_function "$edit_function"
  heading 'claims and raw model answers'
  delete_bucket "$control_bucket"
  delete_or_keep_pictures
  delete_identities
  heading 'built images, and the roles'
  when_there gcloud artifacts repositories describe "$repository" --project="$project" --location="$region" -- \
    gcloud artifacts repositories delete "$repository" --project="$project" --location="$region" --quiet
  delete_role "$control_role"
  delete_role "$model_role"
  heading 'kept: services, what agents of Cloud Storage and Eventarc may do, uploaded sources'
}

delete_role() { # ROLE
  role_is_deleted "$1" ||
    when_there gcloud iam roles describe "$1" --project="$project" -- \
      gcloud iam roles delete "$1" --project="$project"
}

# A printed script asks nobody.
confirmed() { # QUESTION ANSWER
  local answer=''
  ! $is_dry_run || return 0
  printf '%s Type "%s" to go on: ' "$1" "$2" >&2
  read -r answer || true
  [[ $answer == "$2" ]]
}

delete_function() { # NAME
  when_there gcloud functions describe "$1" --project="$project" --region="$region" -- \
    gcloud functions delete "$1" --project="$project" --region="$region" --quiet
}

delete_bucket() { # BUCKET
  when_there gcloud storage buckets describe "$1" -- gcloud storage rm "$1" --recursive --quiet
}

delete_or_keep_pictures() {
  heading "pictures"
  if $is_dry_run; then
    printf '# Only after a second question: gcloud storage rm %s --recursive\n' "$input_bucket" "$output_bucket"
  elif confirmed "Delete every picture in $input_bucket and $output_bucket too?" "delete pictures"; then
    delete_bucket "$input_bucket"
    delete_bucket "$output_bucket"
    return
  else
    printf 'Kept: %s and %s\n' "$input_bucket" "$output_bucket"
  fi
  revoke_on_pictures "$upload_function"
  revoke_on_pictures "$sweep_function"
}

# The rights of a deleted identity would stay in the policy of a bucket that is kept.
revoke_on_pictures() { # IDENTITY
  local member
  member=$(member_of "$1")
  revoke "$member" roles/storage.objectViewer "$input_bucket" gcloud storage buckets
  revoke "$member" roles/storage.objectViewer "$output_bucket" gcloud storage buckets
  revoke "$member" roles/storage.objectCreator "$output_bucket" gcloud storage buckets
}

delete_identities() {
  local identity
  heading 'identities'
  # Deployments of version 0.1 gave roles/aiplatform.user.
  for identity in "$upload_function" "$sweep_function" "$edit_function"; do
    delete_identity "$identity" "projects/$project/roles/$model_role" roles/aiplatform.user
  done
  delete_identity "$scheduler_identity"
  delete_identity "$trigger_identity" roles/eventarc.eventReceiver
  delete_identity "$builder_identity" roles/logging.logWriter roles/storage.objectViewer
}

delete_identity() { # IDENTITY ROLE-ON-PROJECT...
  local email role
  email=$(email_of "$1")
  for role in "${@:2}"; do revoke "serviceAccount:$email" "$role" "$project" gcloud projects; done
  when_there gcloud iam service-accounts describe "$email" --project="$project" -- \
    gcloud iam service-accounts delete "$email" --project="$project" --quiet
}
