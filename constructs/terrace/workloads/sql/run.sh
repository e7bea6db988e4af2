# Runs the scripts in each database. $CREDENTIALS_PATH holds the file `password`; the scripts and plan.json are beside this
# file.
# No password is on a command line.
set -eu
here=$(dirname "$0")
PGPASSWORD=$(cat "$CREDENTIALS_PATH/password")
export PGPASSWORD
plan=$(cat "$here/plan.json")

run() {
  database=$1
  shift
  PGDATABASE=$database psql --no-psqlrc --set ON_ERROR_STOP=1 --set "plan=$plan" "$@"
}

run postgres --file "$here/roles.sql" --file "$here/server.sql"
while read -r database; do
  run "$database" --file "$here/database.sql"
done < "$here/databases.txt"
run "$(cat "$here/platform.txt")" --file "$here/platform.sql" --file "$here/people.sql" --file "$here/as_group.sql"
