/** The command that an owner pastes into a shell: it needs `sh`, `curl`, `openssl`, and nothing of ours. */

type Wanted = {
  readonly code: string;
  readonly publicKey: string;
  readonly baseUrl: string;
  readonly until: string;
};

/** What ends a word inside double quotes of a shell, or the single quotes around all of it. */
const UNSAFE = /['"$`\\\s]/g;

/**
 * One command that logs in, or takes what is pasted, and prints the upload token sealed for the invitation's key. Every
 * secret goes through pipes and shell variables: none is an argument, a file or an environment variable.
 */
export function invitationCommand({ code, publicKey, baseUrl, until }: Wanted): string {
  const api = new URL(baseUrl).href
    .replace(/\/+$/, '')
    .replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return SCRIPT.replace('@api@', api)
    .replace('@key@', publicKey)
    .replace('@code@', code)
    .replace('@until@', until);
}

const SCRIPT = `sh -c '
# Hands your NOMAD upload token to Nightjar, sealed: only Nightjar can open it. Good once, until @until@.
api="@api@"
key="@key@"
set -u
for need in curl openssl; do command -v $need >/dev/null || { echo "This needs $need." >&2; exit 1; }; done
trap "stty echo 2>/dev/null; rm -f \\"\${der:-}\\"" EXIT
trap "exit 1" INT TERM
echo "You log in at $api" >&2
user=
while [ -z "$user" ]; do
  printf "User name there (or the word paste, to paste your upload token): " >&2
  IFS= read -r user || exit 1
done
stty -echo 2>/dev/null
if [ "$user" != paste ]; then printf "Password: " >&2; else printf "Upload token, or the command that the uploads page shows: " >&2; fi
IFS= read -r said
stty echo 2>/dev/null
echo >&2
if [ "$user" != paste ]; then
  said=$(printf %s "$said" | curl -sS -H "Accept: application/json" -d grant_type=password --data-urlencode "username=$user" --data-urlencode password@- "$api/auth/token")
  access=$(printf %s "$said" | sed -n "s/.*\\"access_token\\" *: *\\"\\([^\\"]*\\)\\".*/\\1/p")
  [ -n "$access" ] || { echo "The login failed. Does it work on the web page? If you log in there through your institution, begin again and paste the token." >&2; exit 1; }
  said=$(printf "Authorization: Bearer %s" "$access" | curl -sS -H @- -H "Accept: application/json" "$api/uploads/command-examples")
fi
token=$(printf %s "$said" | grep -oE "(^|Upload-Token: |[?&]token=)[A-Za-z0-9_-]{22}[.][A-Za-z0-9_-]{27,43}" | head -n 1 | sed "s/.*[ =]//")
[ -n "$token" ] || { echo "No upload token came. Nothing was sent to anybody." >&2; exit 1; }
der=$(mktemp) && printf %s "$key" | openssl base64 -d -A >"$der" || exit 1
sealed=$(printf %s "$token" | openssl pkeyutl -encrypt -pubin -keyform DER -inkey "$der" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 | openssl base64 -A)
[ -n "$sealed" ] || exit 1
echo "Send back this line (it is no secret):" >&2
echo "nightjar:@code@:$sealed"
'`;
