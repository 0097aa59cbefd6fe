const usernameVariable = "MULTI_PLATFORM_IMAGE_GIT_USERNAME";
const passwordVariable = "MULTI_PLATFORM_IMAGE_GIT_PASSWORD";
const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$${usernameVariable}" "$${passwordVariable}"; }; f`;

/** Who logs in. */
export interface Login {
  username: string;
  password: string;
}

/** The login of an URL; null of what can't be said to git, line by line: https://git-scm.com/docs/git-credential#IOFMT */
export function loginOf(credentials: string): Login | null {
  const [username, ...password] = credentials.split(":").map(decoded);
  return /[\0\r\n]/.test([username, ...password].join("")) ? null : { username, password: password.join(":") };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign of its own.
    return text;
  }
}

/**
 * Gives git a login for the URL's own host alone, when that asks for one. Not as a header, which would go to whatever host the
 * first answer leads to; and not to helpers that would keep it. It is on no command line.
 *
 * @see https://git-scm.com/docs/gitcredentials
 */
export function loginEnvironment(remote: string, { username, password }: Login): NodeJS.ProcessEnv {
  const [origin] = /^https?:\/\/[^/]*/i.exec(remote) ?? [remote];
  const key = `credential.${origin}.helper`;
  return {
    // An empty one forgets those before it.
    ...configuration([key, ""], [key, helper]),
    GIT_ASKPASS: "",
    [usernameVariable]: username,
    [passwordVariable]: password,
  };
}

/** Gives git no login that this user has: neither of a helper, nor a header of a configuration, nor a key of ssh. */
export function withoutLogin(): NodeJS.ProcessEnv {
  return {
    ...configuration(["credential.helper", ""], ["http.extraHeader", ""]),
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    GIT_SSH_COMMAND: `${process.env.GIT_SSH_COMMAND ?? "ssh"} -oBatchMode=yes -oPubkeyAuthentication=no`,
  };
}

/** Settings that come after all others: https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT */
function configuration(...settings: [key: string, value: string][]): NodeJS.ProcessEnv {
  const count = Number(process.env.GIT_CONFIG_COUNT) || 0;
  const variables = settings.flatMap(([key, value], at): [string, string][] => [
    [`GIT_CONFIG_KEY_${count + at}`, key],
    [`GIT_CONFIG_VALUE_${count + at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(count + settings.length), ...Object.fromEntries(variables) };
}
